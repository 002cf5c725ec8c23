import type {
  ApiKey,
  Collection,
  Conversation,
  Document,
  EmbeddingModel,
  Prompt,
  Receipt,
  Role,
  System,
  Turn,
  User,
} from "../src/api/types.ts";
import { ago, document, id, passages, receipt, turn } from "./shapes.ts";
import { embeddingModels, system } from "./system.ts";

/** All that the fake API remembers. Each start begins with the same. */
export interface World {
  needsSetup: boolean;
  user: User | null; // signed in
  role: Role;
  empty: boolean;
  users: User[];
  keys: ApiKey[];
  collections: Collection[];
  documents: Document[];
  prompts: Record<string, Prompt[]>; // newest first
  conversations: { conversation: Conversation; turns: Turn[] }[];
  receipts: Record<string, Receipt>;
  system: System;
  embeddingModels: EmbeddingModel[];
}

const texts: Record<string, string> = {
  "answer-en":
    "You are {{.Assistant}}, an assistant that answers questions from a knowledge base.\nThe answer is written in {{.Language}}.\n\nHow to answer:\n1. Use only what the passages below say.\n2. Name the passage after each statement: [1].\n3. If they do not answer the question, say so plainly.\n\nToday is {{.Date}}.\n\n{{.Passages}}\n",
  "answer-zh":
    "你是 {{.Assistant}}，一个根据知识库回答问题的助手。请使用{{.Language}}回答。\n\n回答要求：\n1. 只使用下面资料中写明的内容。\n2. 每个说法后面标注资料编号，例如 [1]。\n3. 资料没有回答时，直接说明。\n\n今天是 {{.Date}}。\n\n{{.Passages}}\n",
  "rewrite-en":
    "Rewrite the person's last message as one question that can be understood without the conversation.\n\nConversation so far:\n{{.History}}\n\nLast message:\n{{.Question}}\n",
  "rewrite-zh":
    "请把最后一句话改写成一个完整的问题。\n\n之前的对话：\n{{.History}}\n\n最后一句话：\n{{.Question}}\n",
};

export function newWorld(empty = false): World {
  const person = (username: string, name: string, role: Role, disabled = false): User => ({
    id: id(),
    username,
    name,
    role,
    disabled,
    created_at: ago(90_000),
    last_sign_in_at: disabled ? null : ago(role === "owner" ? 5 : 900),
  });
  const users = [
    person("mei", "Mei Lin", "owner"),
    person("daniel", "Daniel Krause", "admin"),
    person("sofia", "Sofia Rossi", "editor"),
    person("temp", "", "viewer", true),
  ];
  const collections: Collection[] = empty
    ? []
    : [
        {
          id: id(),
          name: "Help centre",
          note: "What customers may read: delivery, returns, invoices, warranty.",
          documents: 9,
          chunks: 181,
          created_at: ago(9000),
        },
        { id: id(), name: "价目与会员", note: "", documents: 1, chunks: 24, created_at: ago(8000) },
        {
          id: id(),
          name: "Internal handbook",
          note: "Staff only",
          documents: 0,
          chunks: 0,
          created_at: ago(7000),
        },
      ];
  const help = collections[0]?.id ?? "";
  const documents = empty
    ? []
    : [
        document(help, {
          name: "returns.md",
          title: "Returns and refunds",
          labels: ["public", "orders"],
          url: "https://example.com/help/returns",
          version: 2,
          live_version: 2,
          chunks: 18,
        }),
        document(help, {
          name: "2026-delivery-handbook-with-a-rather-long-name-final-v3.pdf",
          title: "Delivery handbook 2026",
          type: "pdf",
          size: 4_812_000,
          stage: "embedding",
          progress: 0.72,
          live_version: 0,
          chunks: 0,
          updated_at: ago(0.1),
        }),
        document(help, {
          name: "warranty.docx",
          title: "Warranty terms",
          type: "docx",
          size: 88_400,
          stage: "indexing",
          progress: 0.46,
          version: 3,
          live_version: 2,
          chunks: 31,
          updated_at: ago(0.1),
        }),
        document(help, {
          name: "contract-scan.pdf",
          type: "pdf",
          size: 1_204_000,
          stage: "failed",
          progress: 0.1,
          code: "encrypted",
          reason: "The file is protected with a password. Upload a copy without one.",
          live_version: 0,
          chunks: 0,
          labels: ["legal"],
          updated_at: ago(14),
        }),
        document(help, {
          name: "退换货政策.docx",
          title: "退换货政策",
          type: "docx",
          size: 45_210,
          chunks: 22,
          labels: ["public"],
          updated_at: ago(1500),
        }),
        document(help, {
          name: "prices-2026.xlsx",
          title: "Membership levels and prices",
          type: "xlsx",
          size: 31_337,
          chunks: 24,
          labels: ["public"],
          updated_at: ago(2000),
        }),
        document(help, {
          name: "faq.html",
          title: "Frequently asked questions",
          type: "html",
          size: 19_950,
          chunks: 40,
          updated_at: ago(20_000),
        }),
        document(help, {
          name: "old-manual.pdf",
          title: "Old manual",
          type: "pdf",
          size: 900_120,
          stage: "cancelled",
          progress: 0.3,
          version: 2,
          live_version: 1,
          chunks: 44,
          updated_at: ago(30_000),
        }),
        document(help, {
          name: "shops.csv",
          title: "shops.csv",
          type: "csv",
          size: 2_210,
          chunks: 2,
          updated_at: ago(40_000),
        }),
      ];
  for (const p of passages) p.document_id = documents[0]?.id ?? "";
  const prompts: World["prompts"] = {};
  for (const [name, text] of Object.entries(texts)) {
    prompts[name] = [
      { name, version: 0, text, author: "", note: "", active: true, created_at: "0001-01-01T00:00:00Z" },
    ];
  }
  const list = prompts["answer-en"];
  if (!empty && list?.[0]) {
    list[0].active = false;
    const base = list[0].text;
    const add = (
      version: number,
      text: string,
      note: string,
      author: string,
      minutes: number,
      active = false,
    ) => list.unshift({ name: "answer-en", version, text, note, author, active, created_at: ago(minutes) });
    add(
      1,
      base.replace("say so plainly", "say that you do not know"),
      "Plainer words for “not known”",
      "mei",
      14_000,
    );
    add(
      2,
      `${base}\nAnswer in at most three sentences.\n`,
      "Shorter answers; customers on phones complained",
      "daniel",
      4_000,
    );
    add(
      3,
      base.replace("[1].", "[1]. Cite every number.").replace("3. If", "3. Be kind.\n4. If"),
      "Citations after each figure",
      "daniel",
      300,
      true,
    );
    add(
      4,
      `${base}\nSign with “Your Parley team”.\n`,
      "Draft for the new brand, not yet agreed",
      "sofia",
      40,
    );
  }
  return {
    needsSetup: false,
    user: users[0] ?? null,
    role: "owner",
    empty,
    users,
    keys: empty ? [] : sampleKeys(),
    collections,
    documents,
    prompts,
    system: system(),
    embeddingModels: embeddingModels(),
    ...talks(empty),
  };
}

function sampleKeys(): ApiKey[] {
  return [
    {
      id: id(),
      name: "Nightly import",
      prefix: "pk_9fK2",
      permissions: ["documents.read", "documents.write"],
      created_by: "mei",
      created_at: ago(60_000),
      expires_at: ago(-80_000),
      last_used_at: ago(400),
    },
    {
      id: id(),
      name: "Dashboard",
      prefix: "pk_Qx71",
      permissions: ["overview.read"],
      created_by: "daniel",
      created_at: ago(90_000),
      expires_at: null,
      last_used_at: null,
    },
  ];
}

function talks(empty: boolean): Pick<World, "conversations" | "receipts"> {
  if (empty) return { conversations: [], receipts: {} };
  const first = receipt({
    question: "How long can I return things?",
    standalone: "How long can I return things?",
    answer: "Within **30 days** of delivery, unused and in the original packaging [1].",
    prompt_version: 3,
  });
  const second = receipt({});
  const third = receipt({
    question: "Do you ship to the moon?",
    standalone: "Do you ship to the moon?",
    known: false,
    confidence: 0.08,
    cited: [],
    answer:
      "I do not know: our help pages do not say. You can ask in other words, or write to our service team.",
    passages: passages.slice(2),
    mode: "",
    model: "",
    system: "",
    turns: [],
    usage: { input: 0, cached: 0, output: 0 },
    prompt: "",
    prompt_version: 0,
  });
  const chinese = receipt({
    question: "没有小票的礼物可以退吗？",
    standalone: "没有小票的礼物可以退吗？",
    language: "zh",
    answer:
      "可以。作为礼物收到的商品，**没有小票也可以退换** [2]。\n\n| 会员 | 免费退货 |\n| --- | --- |\n| 普通 | 30 天 |\n| 金卡 | 60 天 |",
    cited: [2],
    prompt: "answer-zh",
    prompt_version: 0,
    mode: "extractive",
    model: "",
  });
  const conversation = (part: Partial<Conversation>): Conversation => ({
    id: id(),
    channel: "webchat",
    chat: "c-2f81",
    thread: "",
    person: "v-81f2c4d0a7b3f1e29d40ab",
    title: "",
    last_at: ago(12),
    turns: 1,
    unknown: 0,
    up: 0,
    down: 0,
    dead: 0,
    ...part,
  });
  const conversations = [
    {
      conversation: conversation({ title: "Do you ship to the moon?", turns: 5, unknown: 1, up: 1, dead: 1 }),
      turns: [
        turn(first, 1460, {}),
        turn(second, 1457, { rating: { value: 1, reason: "" } }),
        turn(null, 30, {
          state: "dead",
          reason: "the model did not answer: time-out after 3 tries",
          attempt: 3,
          messages: [
            {
              id: id(),
              sender: { id: "v" },
              text: "Is the lamp in stock in the shop at the harbour?",
              sent_at: ago(30),
            },
          ],
          answer: {
            text: "Sorry, I could not answer just now. Please try again in a moment.",
            sources: [],
            notice: true,
            stopped: false,
          },
          first_text_ms: null,
          took_ms: 61_000,
        }),
        turn(third, 12, {}),
        turn(null, 0.1, {
          state: "taken",
          reason: "",
          answer: null,
          first_text_ms: null,
          took_ms: null,
          answered_at: null,
          done_at: null,
          messages: [
            { id: id(), sender: { id: "v" }, text: "ok", sent_at: ago(0.2) },
            { id: id(), sender: { id: "v" }, text: "and to Norway?", sent_at: ago(0.1) },
          ],
        }),
      ],
    },
    {
      conversation: conversation({
        title: chinese.question,
        channel: "shop-im",
        person: "王小明",
        last_at: ago(50),
        down: 1,
        chat: "room-77",
        thread: "t-9",
      }),
      turns: [turn(chinese, 50, { rating: { value: -1, reason: "没有说金卡怎么办理" } })],
    },
    ...Array.from({ length: 9 }, (_, i) => ({
      conversation: conversation({
        title: [
          "Where is my invoice?",
          "How do I change the address of an order that has been packed already?",
          "发票怎么开？",
          "Warranty for batteries",
        ][i % 4],
        person: i % 2 ? "Anna" : "v-77aa01bc22dd33ee44ff55",
        last_at: ago(200 + i * 700),
        turns: 1 + (i % 4),
        unknown: i % 5 === 1 ? 2 : 0,
        up: i % 3 === 0 ? 1 : 0,
      }),
      turns: [turn(first, 200 + i * 700, {})],
    })),
  ];
  const receipts = Object.fromEntries([first, second, third, chinese].map((r) => [r.reply_key, r]));
  return { conversations, receipts };
}
