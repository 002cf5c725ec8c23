import { type ApiError, asApiError } from "../../../api/problem";
import type { Document } from "../../../api/types";

export type UploadState = "waiting" | "sending" | "done" | "same" | "failed";

export interface Upload {
  id: number;
  collection: string;
  file: File;
  labels: string[];
  state: UploadState;
  sent: number; // 0 to 1
  error: ApiError | null;
}

export interface Stored {
  document: Document;
  changed: boolean; // false: the same file was there already
}

/** Sends one file and tells how much of it is through. */
export type Send = (
  upload: Pick<Upload, "collection" | "file" | "labels">,
  progress: (sent: number) => void,
  signal: AbortSignal,
) => Promise<Stored>;

/**
 * The files that are on their way to the server: a few at once, the rest in line.
 * Two files of one name in one collection go one after the other, because the later
 * one is a new version of the earlier. A failed one stays, to be retried.
 */
export class UploadQueue {
  /** Called for each file that arrived. */
  onStored: (upload: Upload, stored: Stored) => void = () => {};

  private uploads: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly stops = new Map<number, AbortController>();
  private lastID = 0;

  constructor(
    private readonly send: Send,
    private readonly atOnce = 2,
  ) {}

  add(collection: string, files: Iterable<File>, labels: string[] = []): void {
    const fresh = [...files].map((file) => ({
      id: ++this.lastID,
      collection,
      file,
      labels,
      state: "waiting" as const,
      sent: 0,
      error: null,
    }));
    this.change([...this.uploads, ...fresh]);
    this.next();
  }

  /** Takes an upload out, whatever its state; one that is being sent is broken off. */
  remove(id: number): void {
    this.stops.get(id)?.abort();
    this.change(this.uploads.filter((u) => u.id !== id));
    this.next();
  }

  retry(id: number): void {
    if (this.uploads.find((u) => u.id === id)?.state !== "failed") return;
    this.set(id, { state: "waiting", sent: 0, error: null });
    this.next();
  }

  /** Takes out what has arrived. */
  clear(): void {
    this.change(this.uploads.filter((u) => u.state !== "done" && u.state !== "same"));
  }

  get busy(): boolean {
    return this.uploads.some((u) => u.state === "waiting" || u.state === "sending");
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): readonly Upload[] => this.uploads;

  private next(): void {
    for (const upload of this.uploads) {
      const sending = this.uploads.filter((u) => u.state === "sending");
      if (sending.length >= this.atOnce) return;
      if (upload.state !== "waiting") continue;
      const twin = sending.some(
        (u) => u.collection === upload.collection && u.file.name === upload.file.name,
      );
      if (!twin) void this.start(upload);
    }
  }

  private async start(upload: Upload): Promise<void> {
    const stop = new AbortController();
    this.stops.set(upload.id, stop);
    this.set(upload.id, { state: "sending" });
    try {
      const stored = await this.send(upload, (sent) => this.set(upload.id, { sent }), stop.signal);
      this.set(upload.id, { state: stored.changed ? "done" : "same", sent: 1 });
      this.onStored(upload, stored);
    } catch (error) {
      this.set(upload.id, { state: "failed", error: asApiError(error) });
    } finally {
      this.stops.delete(upload.id);
      this.next();
    }
  }

  /** Changes one upload; nothing if it was taken out meanwhile. */
  private set(id: number, part: Partial<Upload>): void {
    if (!this.uploads.some((u) => u.id === id)) return;
    this.change(this.uploads.map((u) => (u.id === id ? { ...u, ...part } : u)));
  }

  private change(uploads: readonly Upload[]): void {
    this.uploads = uploads;
    for (const listener of this.listeners) listener();
  }
}
