"""What acts of the audit log are called on pages."""

from __future__ import annotations

from voting.domain.language import Language
from voting.services.audit import Action

ACTS: dict[Action, dict[Language, str]] = {
    "award.revoke": {"zh": "撤销奖项", "en": "Award revoked"},
    "cell.decide": {"zh": "裁定确认率过低的选票", "en": "Cell of ballots decided"},
    "cell.propose": {"zh": "提请裁定确认率过低的选票", "en": "Decision on a cell proposed"},
    "cell.void": {"zh": "逾期未确认的选票作废", "en": "Unconfirmed ballots void"},
    "certification.certify": {"zh": "核定结果", "en": "Result certified"},
    "certification.propose": {"zh": "提请核定结果", "en": "Certification proposed"},
    "certification.reopen": {"zh": "重新打开已核定的结果", "en": "Certified result reopened"},
    "confirmation.by_host": {"zh": "主办方代为确认投票人", "en": "Voter confirmed by the host"},
    "contest.create": {"zh": "创建活动", "en": "Contest created"},
    "contest.extend": {"zh": "延长投票时间", "en": "Window extended"},
    "contest.pause": {"zh": "暂停投票", "en": "Vote paused"},
    "contest.replace": {"zh": "更换评选规则", "en": "Rules replaced"},
    "contest.resume": {"zh": "恢复投票", "en": "Vote resumed"},
    "contest.seal": {"zh": "封存评选规则", "en": "Rules sealed"},
    "credentials.issue": {"zh": "签发投票凭证", "en": "Credentials issued"},
    "entry.withdraw": {"zh": "撤下作品", "en": "Entry withdrawn"},
    "group.decide": {"zh": "裁定可疑选票组", "en": "Group decided"},
    "group.propose": {"zh": "提请裁定可疑选票组", "en": "Decision on a group proposed"},
    "group.withdraw": {"zh": "撤回对选票组的提请", "en": "Proposal on a group withdrawn"},
    "marks.import": {"zh": "导入评分", "en": "Marks imported"},
    "metric.import": {"zh": "导入指标数据", "en": "Figures imported"},
    "person.overlap": {"zh": "识别出同一人的两个身份", "en": "Two voters found to be one person"},
    "results.read": {"zh": "查看结果", "en": "Results read"},
    "retention.purge": {"zh": "删除到期数据", "en": "Data deleted at the end of its retention"},
    "roster.import": {"zh": "导入作品名单", "en": "Roster imported"},
    "second_person.propose": {"zh": "提请第二人复核", "en": "Second person asked for"},
    "service.begin": {"zh": "服务启动，记录现行策略", "en": "Service started; policies in force"},
    "staff.account.add": {"zh": "新增工作人员账号", "en": "Account added"},
    "staff.grant": {"zh": "授予角色", "en": "Role granted"},
    "staff.key.create": {"zh": "创建工作人员密钥", "en": "Staff key created"},
    "staff.key.revoke": {"zh": "吊销工作人员密钥", "en": "Staff key revoked"},
    "staff.password": {"zh": "修改密码", "en": "Password changed"},
    "staff.revoke": {"zh": "收回角色", "en": "Role revoked"},
    "staff.session.end": {"zh": "结束登录会话", "en": "Session ended"},
    "staff.session.open": {"zh": "工作人员登录", "en": "Signed in"},
    "staff.totp": {"zh": "更换身份验证器", "en": "Authenticator changed"},
    "tally.mend": {"zh": "修正计票投影", "en": "Tally corrected"},
    "voter.erase": {"zh": "投票人要求删除数据", "en": "Voter asked for erasure"},
}
