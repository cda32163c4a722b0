// The voter's own ballots with their receipts; never what was picked.
import { clock, confirmation, me, receiptOf, say } from "../../voting";

Component({
  data: {
    asked: confirmation(), ready: false, failed: "", none: "", secret: "",
    ballots: [] as { ballot: string; time: string; state: string; receipt: string }[],
  },
  methods: {
    async onLoad() {
      this.setData({ none: say("no_ballots"), secret: say("ballots_secret") });
      try {
        const own = await me();
        const ballots = (own?.ballots || []).map(({ ballot, recorded_at, state }) => ({
          ballot, time: clock(recorded_at), state: say(`state_${state}`), receipt: receiptOf(ballot),
        }));
        this.setData({ ballots, asked: confirmation(), ready: true });
      } catch (error) {
        this.setData({ failed: say("failed") });
      }
    },
    onShow() {
      this.setData({ asked: confirmation() });
    },
    async copy(event: WechatMiniprogram.TouchEvent<object, object, { receipt: string }>) {
      await wx.setClipboardData({ data: event.currentTarget.dataset.receipt });
    },
  },
});
