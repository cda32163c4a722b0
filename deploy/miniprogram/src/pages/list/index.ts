// The contest's entries, twenty a page, each with its button.
import { address, confirmation, Entry, quotaWords, readEntries, refresh, say, standing, unwatch, vote, watch } from "../../voting";

type Tap = WechatMiniprogram.TouchEvent<object, object, { code: string; page: number }>;

Component({
  data: {
    title: "", host: "", rules: [] as string[], q: "", page: 1, pages: 1, left: "", said: "", failed: "",
    asked: confirmation(),
    found: [] as Entry[],
    entries: [] as ReturnType<typeof shown>[],
  },
  methods: {
    async onLoad() {
      watch(this);
      await this.read(1);
    },
    // Not with every change: a card that comes moves the buttons.
    onShow() {
      this.setData({ asked: confirmation() });
    },
    onUnload() {
      unwatch(this);
    },
    async onPullDownRefresh() {
      await this.read(this.data.page);
      await wx.stopPullDownRefresh();
    },
    async read(page: number) {
      try {
        const { title, host, rules } = await refresh();
        const found = await readEntries(this.data.q, page);
        this.setData({ title, host, rules: rules.zh, found: found.entries, page: found.page, pages: found.pages, failed: "" });
        this.setData({ asked: confirmation() });
        this.show();
      } catch (error) {
        this.setData({ failed: say("failed") });
      }
    },
    show() {
      this.setData({ entries: this.data.found.map(shown), left: quotaWords() });
    },
    async search(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
      this.setData({ q: event.detail.value });
      await this.read(1);
    },
    async turn(event: Tap) {
      await this.read(Number(event.currentTarget.dataset.page));
      await wx.pageScrollTo({ scrollTop: 0 });
    },
    open(event: Tap) {
      void wx.navigateTo({ url: `/pages/entry/index?code=${encodeURIComponent(event.currentTarget.dataset.code)}` });
    },
    async vote(event: Tap) {
      this.setData({ said: await vote(event.currentTarget.dataset.code) });
    },
  },
});

function shown(entry: Entry) {
  const { code, title, author, media, picks, rank } = entry;
  const figures = picks === null ? "" : `${picks} ${say("picks")}${picks && rank ? ` · ${say("rank", rank)}` : ""}`;
  return { code, title, author, cover: address(media.cover), figures, ...standing(code) };
}
