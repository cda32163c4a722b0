"""The texts of the public log's page, and of the links to it, in both languages."""

from __future__ import annotations

ZH = {
    "log": "公开日志",
    "log_what": "每张选票的凭据（不含所投作品）都写入这份只能追加的日志，回执发出后 {} 秒内即可查到。"
    "日志以密码学方式相连：事后删改、插入或调换任何一张选票，都会与选民保存的凭据不符。",
    "log_limit": "它不能证明投票人是谁，也不显示任何人投了什么。",
    "log_empty": "日志目前还没有内容。",
    "log_frozen": "这份日志与此前签名的内容不符，已停止追加；请以选民保存的凭据为准，并联系主办方。",
    "log_size": "条目数：",
    "log_signed": "最近签名：",
    "log_witness": "见证方 {} 最近联署：",
    "log_never": "尚未联署",
    "log_unwitnessed": "目前联署的见证方不足法定数量，最新的日志尚未得到见证。投票照常进行。",
    "log_witnesses": "目前没有外部见证方为本日志联署。",
    "log_checkpoint": "最新签名（checkpoint）",
    "log_check": "核验凭据：从投票页保存 .tlog-proof 文件与回执，在自己的电脑上运行下面的命令。",
    "log_key": "日志公钥：",
    "log_old_key": "此前的日志公钥（日志中有更换公告，旧签名仍可核验）：",
    "receipt_key": "回执公钥：",
    "proof": "保存凭据",
    "proof_waits": "正在写入公开日志，随后由本设备核验。",
    "proof_checked": "✓ 已在公开日志中，编号 {}，本设备已核验。",
    "proof_absent": "公开日志中还没有这张选票。请保存回执，稍后在“我的选票”中再看；若仍没有，请联系主办单位。",
    "proof_wrong": "公开日志与回执不符。请保存凭据和回执，并联系主办单位。",
    "proof_key": "公开日志的签名公钥与本设备首次见到的不同。请保存凭据，并在公开日志页查看公钥是否已公告更换。",
    "proof_away": "暂时取不到凭据，可稍后在“我的选票”中再看。",
    "proof_uncheckable": "本设备无法核验；请保存凭据，用其他设备核验。",
}

EN = {
    "log": "Public log",
    "log_what": "A proof of each ballot, without what was voted for, is in this log within {} seconds of its receipt. "
    "The log can only be appended to: whoever deletes, changes, inserts or moves a ballot later contradicts the proofs "
    "that voters keep.",
    "log_limit": "It does not prove who the voters are, and shows nobody's choice.",
    "log_empty": "The log has no entries yet.",
    "log_frozen": "This log is not what was signed before, and nothing is appended to it. The proofs that voters keep "
    "stand; ask the organiser.",
    "log_size": "Entries: ",
    "log_signed": "Last signed: ",
    "log_witness": "Last cosigned by the witness {}: ",
    "log_never": "not yet",
    "log_unwitnessed": "Too few witnesses cosign at present, so the newest part of the log is not witnessed. Voting "
    "goes on.",
    "log_witnesses": "No outside witness cosigns this log at present.",
    "log_checkpoint": "Newest checkpoint",
    "log_check": "To check a ballot, save its .tlog-proof file and the receipt from the voting page, and run this on a "
    "computer of your own:",
    "log_key": "Key of the log:",
    "log_old_key": "An earlier key (a leaf of the log announces the change; what it signed stays checkable):",
    "receipt_key": "Key of receipts:",
    "proof": "Save the proof",
    "proof_waits": "On its way into the public log; this device will check it.",
    "proof_checked": "✓ In the public log as number {}, checked on this device.",
    "proof_absent": "The public log does not have this ballot yet. Keep the receipt and look again under “My ballots”; "
    "if it is still not there, ask the host.",
    "proof_wrong": "The public log contradicts the receipt. Save the proof and the receipt, and ask the host.",
    "proof_key": "The public log is signed with another key than the first that this device saw. Save the proof, and "
    "see on the public log's page whether a new key was announced.",
    "proof_away": "The proof cannot be fetched now; look again under “My ballots” later.",
    "proof_uncheckable": "This device cannot check it. Save the proof and check it on another one.",
}
