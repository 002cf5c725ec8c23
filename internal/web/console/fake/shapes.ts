import type { ChannelHealth, Day, Document, Figures, Passage, Receipt, Turn } from "../src/api/types.ts";

export const now = Date.now();
export const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

let last = 0;
export function id(): string {
  last++;
  return `00000000-0000-4000-8000-${String(last).padStart(12, "0")}`;
}

export function document(collection: string, part: Partial<Document>): Document {
  return {
    id: id(),
    collection,
    name: "file.md",
    title: "",
    labels: [],
    url: "",
    version: 1,
    live_version: 1,
    type: "md",
    size: 12_400,
    hash: "9f2c4be01a77d5c3e8ff20b1c4d5a6978c1b2f3e4d5c6b7a8990a1b2c3d4e5f6",
    stage: "ready",
    progress: 1,
    code: "",
    reason: "",
    chunks: 12,
    added_by: "mei",
    created_at: ago(3000),
    updated_at: ago(240),
    ...part,
  };
}

export const passages: Passage[] = [
  {
    document_id: "",
    version: 2,
    document: "Returns and refunds",
    url: "https://example.com/help/returns",
    chunk_id: "c1",
    seq: 3,
    text: "You can return an item within 30 days of delivery. It must be unused and in its original packaging. Gifts can be returned without a receipt: we look the order up by the name of the buyer and the date, and refund to a voucher. Sale items are exchanged, not refunded. Bulky goods are collected free of charge; book a date under My orders. The refund arrives within 5 working days after we have received the parcel, on the same card or account that was used to pay.",
    heading: "Returns › How long you have",
    location: "page 2",
    score: 0.914,
    words: 14.82,
    meaning: 0.712,
    relevance: 0.93,
  },
  {
    document_id: "",
    version: 1,
    document: "退换货政策",
    chunk_id: "c2",
    seq: 0,
    text: "签收后 30 天内可以免费退货。商品需未经使用并保留原包装。作为礼物收到的商品，没有小票也可以退换。",
    heading: "退货 › 期限",
    score: 0.611,
    words: 6.07,
    meaning: 0.664,
    relevance: 0.58,
  },
  {
    document_id: "",
    version: 1,
    document: "Membership levels and prices",
    chunk_id: "c3",
    seq: 7,
    text: "| Level | Free returns | Refund |\n| Basic | 30 days | 5 days |\n| Gold | 60 days | 2 days |",
    location: "sheet Levels",
    score: 0.287,
    words: 3.11,
    meaning: 0.402,
    relevance: 0.21,
  },
];

export function receipt(part: Partial<Receipt>): Receipt {
  return {
    reply_key: id(),
    channel: "webchat",
    question: "And without the receipt?",
    standalone: "Can I return a gift without the receipt?",
    language: "en",
    command: "",
    known: true,
    confidence: 0.93,
    passages,
    cited: [1],
    prompt: "answer-en",
    prompt_version: 3,
    system:
      "You are Parley, an assistant that answers questions from a knowledge base.\n\n[1] Returns and refunds — Returns › How long you have\nYou can return an item within 30 days of delivery. …",
    turns: [
      { role: "user", text: "How long can I return things?" },
      { role: "assistant", text: "Within **30 days** of delivery [1]." },
      { role: "user", text: "And without the receipt?" },
    ],
    mode: "model",
    model: "deepseek-chat",
    usage: { input: 1840, cached: 1024, output: 96 },
    answer:
      "Yes. A gift can be returned **without the receipt** [1]:\n\n1. Tell us the name of the buyer and the date.\n2. We look the order up.\n3. You get a voucher.\n\nSale items are exchanged, not refunded [1].",
    cached: false,
    stopped: false,
    error: "",
    stages: [
      { name: "history", took_ms: 1.2 },
      { name: "rewrite", took_ms: 412 },
      { name: "retrieve", took_ms: 18.4 },
      { name: "prompt", took_ms: 0.6 },
      { name: "first_token", took_ms: 640 },
      { name: "answer", took_ms: 1910 },
    ],
    at: ago(12),
    ...part,
  };
}

export function turn(r: Receipt | null, minutes: number, part: Partial<Turn>): Turn {
  return {
    id: id(),
    reply_key: r?.reply_key ?? id(),
    state: "done",
    reason: "answered",
    attempt: 1,
    messages: [{ id: id(), sender: { id: "v-81f2c4d0" }, text: r?.question ?? "", sent_at: ago(minutes) }],
    answer: r
      ? {
          text: r.answer,
          sources: r.known
            ? [{ number: 1, title: "Returns and refunds", location: "page 2", url: "/sources/x/1" }]
            : [],
          notice: false,
          stopped: false,
        }
      : null,
    receipt: r && {
      known: r.known,
      confidence: r.confidence,
      mode: r.mode,
      model: r.model,
      prompt: r.prompt,
      prompt_version: r.prompt_version,
      usage: r.usage,
    },
    rating: null,
    received_at: ago(minutes),
    answered_at: ago(minutes - 0.05),
    done_at: ago(minutes - 0.05),
    first_text_ms: 1090,
    took_ms: 2360,
    ...part,
  };
}

/** Figures that go up and down over the week, the same at each start. */
export function days(n: number): Day[] {
  return Array.from({ length: n }, (_, i) => {
    const at = new Date(now - (n - 1 - i) * 86_400_000);
    const busy = [18, 64, 71, 58, 66, 49, 22][at.getUTCDay()] ?? 40;
    const questions = busy + ((i * 7) % 13);
    const unknown = Math.round(questions * (0.08 + ((i * 3) % 5) / 60));
    const dead = i % 9 === 5 ? 1 : 0;
    return {
      day: at.toISOString().slice(0, 10),
      questions,
      answered: questions - dead,
      unknown,
      up: Math.round(questions * 0.16),
      down: Math.round(questions * 0.03),
      dead,
      p50_ms: 1700 + ((i * 131) % 420),
      p95_ms: 4200 + ((i * 373) % 2100),
      input_tokens: questions * 1720,
      output_tokens: questions * 118,
    };
  });
}

export function totals(all: Day[]): Figures {
  const sum = (key: keyof Omit<Day, "day">) => all.reduce((n, d) => n + d[key], 0);
  return {
    questions: sum("questions"),
    answered: sum("answered"),
    unknown: sum("unknown"),
    up: sum("up"),
    down: sum("down"),
    dead: sum("dead"),
    p50_ms: 1840,
    p95_ms: 5230,
    input_tokens: sum("input_tokens"),
    output_tokens: sum("output_tokens"),
  };
}

export function channels(): ChannelHealth[] {
  return [
    {
      name: "webchat",
      kind: "webchat",
      state: "connected",
      since: ago(2880),
      last_frame_at: ago(0.2),
      last_in_at: ago(2),
      last_out_at: ago(2),
      restarts: 0,
      waiting: 0,
      error: "",
    },
    {
      name: "shop-im",
      kind: "webhook",
      state: "waiting",
      since: ago(4),
      last_frame_at: ago(4),
      last_in_at: ago(31),
      last_out_at: ago(31),
      restarts: 3,
      waiting: 2,
      error: "The platform refused the connection. It is tried again in 20 seconds.",
    },
    {
      name: "team-im",
      kind: "lark",
      state: "standby",
      since: ago(600),
      last_frame_at: null,
      last_in_at: null,
      last_out_at: null,
      restarts: 0,
      waiting: 0,
      error: "",
    },
  ];
}
