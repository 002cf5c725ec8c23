import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { I18n } from "../src/i18n/i18n";
import { Panel } from "../src/ui/panel";
import { pass, said, Server } from "./fake";

beforeEach(() => {
  vi.useFakeTimers();
  Element.prototype.scrollTo = () => {}; // jsdom lays nothing out
  Element.prototype.scrollIntoView = () => {};
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

function begin(lang: "en" | "zh-CN" = "en") {
  const server = new Server();
  const session = server.session();
  const panel = new Panel({
    i18n: new I18n(lang), session, config: { socket: "/s", suggestions: { en: ["How long?"] } }, server: "https://parley.example", switchLang: () => {},
  });
  document.body.append(panel.root);
  session.start();
  server.welcome();
  return { server, session, panel, input: find<HTMLTextAreaElement>("chat-input") };
}

const all = (id: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)];
function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const e = all(id)[0];
  if (!e) throw new Error(`no ${id}`);
  return e as T;
}

function press(input: HTMLTextAreaElement, more: KeyboardEventInit = {}): void {
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...more }));
}

function type(input: HTMLTextAreaElement, text: string): void {
  input.value = text;
  input.dispatchEvent(new Event("input"));
}

it("sends with Enter, and not with Shift or while a word is composed", () => {
  const { server, input } = begin();
  const button = find<HTMLButtonElement>("chat-send");
  expect(button.disabled).toBe(true);
  type(input, "ni hao");
  expect(button.disabled).toBe(false);
  press(input, { isComposing: true });
  press(input, { keyCode: 229 });
  press(input, { shiftKey: true });
  expect(server.socket.said).toEqual([]);
  press(input);
  expect(server.socket.said).toEqual(["ni hao"]);
  expect(input.value).toBe("");
  expect(all("message-user").map((e) => e.querySelector(".bubble")?.textContent)).toEqual(["ni hao"]);
});

it("does not send what is too long", () => {
  const { server, input } = begin();
  type(input, "长".repeat(4001));
  press(input);
  expect(server.socket.said).toEqual([]);
  expect(document.querySelector(".count")?.textContent).toContain("4000");
});

it("offers questions until something was said", () => {
  const { server } = begin();
  find("suggestion").click();
  expect(server.socket.said).toEqual(["How long?"]);
  expect(document.querySelector<HTMLElement>(".empty")?.hidden).toBe(true);
});

it("shows dots, then the growing answer with a stop button, then its sources and thumbs", () => {
  const { server, session } = begin();
  session.say("q");
  server.socket.tell({ type: "ack", id: "id-1" });
  expect(find("typing").hidden).toBe(false);
  server.socket.tell(said("post", "p", 2, "**It**", { final: false }));
  expect(find("typing").hidden).toBe(true);
  expect(find("message-bot").dataset["final"]).toBe("false");
  expect(find("message-bot").getAttribute("aria-busy")).toBe("true");
  expect(all("thumb-up")).toHaveLength(0);
  find("chat-stop").click();
  expect(server.socket.sent.at(-1)).toEqual({ type: "stop" });

  const sources = [{ number: 1, title: "Delivery", url: "/sources/k/1", excerpt: "Three days." }, { number: 2, title: "Bad", url: "javascript:alert(1)" }];
  server.socket.tell({ type: "edit", id: "p", text: "It takes 3 days [1].", final: true, sources });
  expect(find("message-bot").dataset["final"]).toBe("true");
  expect(find("chat-stop").hidden).toBe(true);
  expect(all("source")).toHaveLength(2);
  expect([...document.querySelectorAll(".sources a")].map((a) => a.getAttribute("href"))).toEqual(["https://parley.example/sources/k/1"]);
  const row = find<HTMLDetailsElement>("source");
  expect(row.open).toBe(false);
  document.querySelector<HTMLButtonElement>(".cite")?.click();
  expect(row.open).toBe(true);

  find("thumb-down").click();
  expect(server.socket.sent.at(-1)).toEqual({ type: "rate", post: "p", value: -1 });
  find<HTMLInputElement>("reason").value = "wrong";
  document.querySelector<HTMLFormElement>(".reason")?.dispatchEvent(new Event("submit", { cancelable: true }));
  expect(server.socket.sent.at(-1)).toEqual({ type: "rate", post: "p", value: -1, reason: "wrong" });
  server.socket.tell({ type: "rated", post: "p", value: -1 });
  expect(find("thumb-down").getAttribute("aria-pressed")).toBe("true");
  find("thumb-down").click();
  expect(server.socket.sent.at(-1)).toEqual({ type: "rate", post: "p", value: 0 });
});

it("offers no thumbs under a notice", () => {
  const { server } = begin();
  server.socket.tell(said("post", "p", 1, "Sorry.", { notice: true }));
  expect(all("thumb-up")).toHaveLength(0);
});

it("says politely when to come back, and then offers to send again", () => {
  const { server, session } = begin("zh-CN");
  session.say("q");
  server.socket.tell({ type: "refused", id: "id-1", code: "rate_limited", retry_after: 2 });
  expect(find("refused").textContent).toContain("2 秒");
  expect(all("again")).toHaveLength(0);
  pass(2100);
  find("again").click();
  expect(server.socket.said).toEqual(["q", "q"]);
});

it("tells of a lost connection after a moment, for as long as it lasts", () => {
  const { server } = begin();
  const banner = find("reconnecting");
  server.socket.break();
  pass(1000); // tries in between do not put it off
  server.socket.break();
  expect(banner.hidden).toBe(true);
  pass(600);
  expect(banner.hidden).toBe(false);
  pass(10_000);
  server.welcome();
  expect(banner.hidden).toBe(true);
});

it("asks before it begins a new conversation", () => {
  const { server } = begin();
  server.socket.tell(said("said", "q", 1, "old"));
  find("chat-new").click();
  expect(server.socket.sent.at(-1)).not.toEqual({ type: "new" });
  find("chat-new-yes").click();
  expect(server.socket.sent.at(-1)).toEqual({ type: "new" });
  server.socket.tell({ type: "welcome", chat: "v.2", history: [] });
  expect(all("message-user")).toHaveLength(0);
});
