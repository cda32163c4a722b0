// The card that WeChat shows for a link to this page. Loaded in WeChat alone; sharing changes nothing in the vote.
import wx from "weixin-js-sdk";
import { call } from "./api";

interface Signed {
  appid: string;
  timestamp: number;
  nonce: string;
  signature: string;
}

const page = document.body.dataset;
const APIS = ["updateAppMessageShareData", "updateTimelineShareData"] as const;

async function showCard(): Promise<void> {
  const address = location.href.split("#")[0] || "";
  const path = `/api/v1/contests/${page.contest || ""}/share-card?url=${encodeURIComponent(address)}`;
  const { appid, timestamp, nonce, signature } = await call<Signed>("GET", path);
  wx.config({ debug: false, appId: appid, timestamp, nonceStr: nonce, signature, jsApiList: [...APIS] });
  wx.ready(() => {
    const cover = document.querySelector<HTMLImageElement>("[data-entry] img");
    const card = {
      title: document.title,
      desc: page.shareText || "",
      // Without what WeChat and the sign-in add to an address.
      link: location.origin + location.pathname,
      imgUrl: cover ? cover.src : "",
      success: () => undefined,
    };
    wx.updateAppMessageShareData(card);
    wx.updateTimelineShareData(card);
  });
}

showCard().catch(() => undefined);
