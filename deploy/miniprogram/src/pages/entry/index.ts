// One entry: its video or cover, its story, and its button.
import { address, quotaWords, readEntry, refresh, say, standing, unwatch, vote, watch } from "../../voting";

Component({
  data: {
    code: "", title: "", author: "", summary: "", cover: "", video: "", figures: "", text: "", why: "", line: "",
    isVoted: false, left: "", said: "", failed: "",
  },
  methods: {
    async onLoad(query: { code?: string }) {
      const code = decodeURIComponent(query.code || "");
      watch(this);
      this.setData({ code });
      try {
        await refresh();
        const entry = await readEntry(code);
        if (!entry) return this.setData({ failed: say("entry_unknown") });
        const { title, author, summary, media, picks } = entry;
        const figures = picks === null ? "" : `${picks} ${say("picks")}`;
        // The video of another site opens nowhere in a mini program: only files of the service or of allowed hosts.
        const video = media.video && /\.mp4($|\?)/.test(media.video) ? media.video : "";
        this.setData({ title, author, summary, figures, cover: address(media.cover), video });
        this.show();
      } catch (error) {
        this.setData({ failed: say("failed") });
      }
    },
    onUnload() {
      unwatch(this);
    },
    show() {
      this.setData({ ...standing(this.data.code), left: quotaWords() });
    },
    async vote() {
      this.setData({ said: await vote(this.data.code) });
    },
  },
});
