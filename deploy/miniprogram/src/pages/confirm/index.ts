// The request to confirm: why and until when, the ways to do so, and the code to read out.
import { confirm, confirmation, deny, me, sawConfirmation, say, sendConfirmationCode, wishReminder } from "../../voting";

type Typed = WechatMiniprogram.CustomEvent<{ value: string }>;

Component({
  data: {
    asked: confirmation(), ready: false, failed: "", busy: false, phone: "", digits: "", said: "",
    stored: "", otherwise: "", phoneLabel: "", codeLabel: "", sendLabel: "", confirmLabel: "", wechatLabel: "",
    telephoneLabel: "", denyLabel: "", remindLabel: "",
  },
  methods: {
    async onLoad() {
      this.setData({
        stored: say("confirm_stored"), otherwise: say("confirm_otherwise"), phoneLabel: say("phone"),
        codeLabel: say("phone_code"), sendLabel: say("phone_send"), confirmLabel: say("confirm"),
        wechatLabel: say("confirm_wechat"), telephoneLabel: say("confirm_telephone"), denyLabel: say("deny"),
        remindLabel: say("remind"),
      });
      try {
        await me();
        sawConfirmation();
        this.setData({ asked: confirmation(), ready: true });
      } catch (error) {
        this.setData({ failed: say("failed") });
      }
    },
    typePhone(event: Typed) {
      this.setData({ phone: event.detail.value });
    },
    typeCode(event: Typed) {
      this.setData({ digits: event.detail.value });
    },
    async sendCode() {
      await this.answer(() => sendConfirmationCode(this.data.phone.trim()));
    },
    async confirmByPhone() {
      await this.answer(() => confirm({ phone: this.data.phone.trim(), code: this.data.digits.trim() }));
    },
    async confirmByMiniProgram() {
      await this.answer(() => confirm());
    },
    async remind() {
      await this.answer(wishReminder);
    },
    callHost() {
      void wx.makePhoneCall({ phoneNumber: this.data.asked.telephone }).catch(() => undefined);
    },
    async disown() {
      await this.answer(deny);
    },
    async answer(send: () => Promise<string>) {
      if (this.data.busy) return;
      this.setData({ busy: true });
      // WeChat's own calls may fail, too: the buttons stay in use.
      const said = await send().catch(() => say("failed"));
      this.setData({ busy: false, said, asked: confirmation() });
    },
  },
});
