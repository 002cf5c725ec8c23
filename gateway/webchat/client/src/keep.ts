/**
 * Keep is what the browser remembers: the messages that are not acknowledged yet,
 * one key each so that two tabs do not overwrite each other; the visitor's token
 * where cookies do not serve; and the chosen language.
 */
export class Keep {
  constructor(
    private readonly store: Storage,
    private readonly prefix: string,
  ) {}

  pending(): { id: string; text: string }[] {
    const found: { id: string; text: string; at: number }[] = [];
    for (let i = 0; i < this.store.length; i++) {
      const key = this.store.key(i);
      if (!key?.startsWith(this.prefix + "out:")) continue;
      try {
        const { text, at } = JSON.parse(this.store.getItem(key) ?? "") as { text: string; at: number };
        if (typeof text === "string" && Date.now() - at < 3_600_000) found.push({ id: key.slice(this.prefix.length + 4), text, at });
      } catch {
        // not ours
      }
    }
    return found.sort((a, b) => a.at - b.at);
  }

  put(id: string, text: string): void {
    this.set("out:" + id, JSON.stringify({ text, at: Date.now() }));
  }

  drop(id: string): void {
    this.store.removeItem(this.prefix + "out:" + id);
  }

  token(): string {
    return this.get("token");
  }

  setToken(token: string): void {
    this.set("token", token);
  }

  get(name: string): string {
    return this.store.getItem(this.prefix + name) ?? "";
  }

  set(name: string, value: string): void {
    try {
      this.store.setItem(this.prefix + name, value);
    } catch {
      // full or forbidden: only a reload forgets then
    }
  }
}

/** The browser's storage, or one that lasts as long as the page where it is forbidden. */
export function storage(): Storage {
  try {
    const probe = "parley:probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    const map = new Map<string, string>();
    return {
      get length() {
        return map.size;
      },
      key: (i) => [...map.keys()][i] ?? null,
      getItem: (k) => map.get(k) ?? null,
      setItem: (k, v) => void map.set(k, v),
      removeItem: (k) => void map.delete(k),
      clear: () => map.clear(),
    };
  }
}
