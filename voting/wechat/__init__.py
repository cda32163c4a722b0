"""WeChat's servers: the sign-in of pages and mini programs, access tokens, tickets and the risk rank."""
