-- expand: the few voters who wish to be reminded are found without reading everybody who is asked
-- In a transaction: the table has a row for each voter who was asked, a small share, so that it is read within a second.
create index confirmations_to_remind on confirmations (contest, voter) where openid is not null;
