"""The voter's page: its requests and messages when responses are lost."""
