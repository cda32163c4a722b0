// Runs the built pages in miniprogram-simulate against a real service: lists, opens an entry, votes, reads the ballots, and
// confirms. MINIPROGRAM_SERVICE, MINIPROGRAM_CONTEST: as for build.mjs. MINIPROGRAM_CODE: what wx.login gives.
// MINIPROGRAM_PHONE: to this number a code is sent, which is read from the standard input after the line "code?".
import { createRequire } from "node:module";
import { join } from "node:path";
import { once } from "node:events";
import assert from "node:assert/strict";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<!doctype html><body></body>", { url: "https://servicewechat.com/" });
const names = ["document", "Node", "HTMLElement", "Event", "CustomEvent", "TouchEvent", "MutationObserver"];
Object.assign(globalThis, { window }, Object.fromEntries(names.map((name) => [name, window[name]])));
const built = join(import.meta.dirname, "dist");
const kept = new Map();
const asked = [];
const opened = [];
const tickets = { read: new Set(), sent: new Set() };
globalThis.App = () => undefined;
const wx = {
  request({ url, method, data, header, success, fail }) {
    const body = data === undefined ? undefined : JSON.stringify(data);
    fetch(url, { method, headers: header, body }).then(
      async (answer) => {
        const data = await answer.json().catch(() => "");
        asked.push(`${method} ${new URL(url).pathname} ${answer.status}`);
        if (url.endsWith("/own")) tickets.read.add(data.ticket);
        if (url.endsWith("/ballots")) tickets.sent.add(JSON.parse(body).ticket);
        if (!answer.ok) console.error(`${method} ${url}: ${answer.status} ${JSON.stringify(data)}`);
        success({ statusCode: answer.status, data, header: Object.fromEntries(answer.headers) });
      },
      (error) => fail({ errMsg: String(error) }),
    );
  },
  login: async () => ({ code: process.env.MINIPROGRAM_CODE }),
  showModal: async ({ content, confirmText = "", cancelText = "" }) => {
    // As WeChat does.
    assert.ok(Math.max(confirmText.length, cancelText.length) <= 4, "showModal:fail");
    opened.push(content);
    return { confirm: true };
  },
  requestSubscribeMessage: async ({ tmplIds }) => ({ errMsg: "requestSubscribeMessage:ok", [tmplIds[0]]: "accept" }),
  navigateTo: async ({ url }) => void opened.push(url),
  getStorageSync: (name) => kept.get(name) ?? "",
  setStorageSync: (name, value) => void kept.set(name, value),
  removeStorageSync: (name) => void kept.delete(name),
  onNetworkStatusChange: () => undefined,
  getWindowInfo: () => ({ screenWidth: 390, screenHeight: 844, pixelRatio: 3 }),
  getAppBaseInfo: () => ({ language: "zh_CN" }),
  getDeviceInfo: () => ({ platform: "ios" }),
  setClipboardData: async ({ data }) => void opened.push(data),
  arrayBufferToBase64: (buffer) => Buffer.from(buffer).toString("base64"),
  pageScrollTo: async () => undefined,
};
const simulate = createRequire(import.meta.url)("miniprogram-simulate");
// The simulator brings a wx of its own; these calls are answered here.
Object.assign(globalThis.wx, wx);

/** A page as it is when it has loaded. */
async function open(name, query = {}) {
  const options = { compiler: "simulate", rootPath: built };
  const page = simulate.render(simulate.load(join(built, "pages", name, "index"), name, options));
  page.attach(document.body.appendChild(document.createElement("div")));
  await page.instance.onLoad(query);
  return page;
}
const textOf = (node) => node.dom.textContent.replace(/\s+/g, " ").trim();

const list = await open("list");
assert.equal(list.data.failed, "");
assert.ok(list.querySelectorAll(".entry").length > 0, "the list has entries");
const button = list.querySelectorAll(".entry .vote")[0];
assert.equal(textOf(button), "投票");
const before = list.data.left;
await list.instance.vote({ currentTarget: { dataset: { code: list.data.entries[0].code } } });
assert.equal(textOf(list.querySelector(".said")), "已记录。");
assert.match(textOf(list.querySelectorAll(".entry .vote")[0]), /已投/);
assert.notEqual(list.data.left, before, "the quota is one less");
assert.ok(opened[0].includes("投票"), "the notice was shown before the vote");

const entry = await open("entry", { code: list.data.entries[0].code });
assert.match(textOf(entry.querySelector(".vote")), /已投/);
await entry.instance.vote();
assert.notEqual(entry.data.said, "", "a second vote is answered with the reason");
assert.equal(asked.filter((each) => each.startsWith("POST") && each.endsWith("/ballots 201")).length, 1, "one ballot was cast");

// A phone whose storage is full.
globalThis.wx.setStorageSync = () => { throw new Error("setStorage:fail exceed storage max size 10Mb"); };
const second = await open("entry", { code: list.data.entries[1].code });
await second.instance.vote();
assert.equal(second.data.said, "已记录。");
assert.match(textOf(second.querySelector(".vote")), /已投/);
globalThis.wx.setStorageSync = wx.setStorageSync;
assert.ok(tickets.read.size > 1, "each read brings another ticket");
assert.deepEqual([...tickets.sent], [...tickets.read].slice(0, 1), "the first is kept: its age is the time of reading");

const ballots = await open("ballots");
assert.equal(ballots.querySelectorAll(".ballot").length, 2);
assert.match(textOf(ballots.querySelectorAll(".ballot")[0]), /已记录/);
assert.ok(ballots.data.ballots.every((ballot) => ballot.receipt), "the receipts are kept");

list.instance.onShow();
assert.match(textOf(list.querySelector(".ask")), /^请确认这一票是您投的本活动收到您的 1 张选票/);
assert.match(textOf(ballots.querySelector(".ask")), /^请确认这一票是您投的/);
const confirming = await open("confirm");
assert.match(textOf(confirming.querySelector(".own-code")), /^[A-Z2-7]{8}$/);
assert.match(textOf(confirming.querySelector(".cast")), /^这张选票投于 \d+月\d+日 \d+:\d\d。$/);
assert.equal(textOf(confirming.querySelector(".deny")), "这一票不是我投的");
assert.equal(textOf(confirming.querySelector(".remind")), "届时用微信提醒我");
list.instance.onShow();
assert.ok(!list.querySelector(".ask"), "it is said once");
// The voter does not go on, and WeChat fails: the buttons stay in use.
globalThis.wx.showModal = async (asks) => ({ ...(await wx.showModal(asks)), confirm: false });
await confirming.instance.disown();
assert.deepEqual([confirming.data.busy, confirming.data.said], [false, ""]);
globalThis.wx.showModal = async () => { throw new Error("showModal:fail"); };
await confirming.instance.disown();
assert.equal(confirming.data.busy, false);
assert.notEqual(confirming.data.said, "");
globalThis.wx.showModal = wx.showModal;
confirming.instance.typePhone({ detail: { value: process.env.MINIPROGRAM_PHONE } });
confirming.instance.typeCode({ detail: { value: "000000" } });
await confirming.instance.sendCode();
assert.equal(textOf(confirming.querySelector(".said")), "验证码已发送，五分钟内有效。");
await confirming.instance.confirmByPhone();
assert.equal(textOf(confirming.querySelector(".said")), "验证码错误、已过期或已使用，请重新获取。");
console.log("code?");
const [typed] = await once(process.stdin, "data");
process.stdin.destroy();
confirming.instance.typeCode({ detail: { value: String(typed).trim() } });
await confirming.instance.confirmByPhone();
assert.equal(textOf(confirming.querySelector(".text")), "已确认，谢谢。");
ballots.instance.onShow();
assert.ok(!ballots.querySelector(".ask"));
assert.equal((await open("entry", { code: "nobody" })).data.failed, "没有这件作品。");
const voted = list.data.entries.slice(0, 2).map((each) => each.code);
console.log(JSON.stringify({ entries: voted, ballots: ballots.data.ballots.map((each) => each.ballot) }));
