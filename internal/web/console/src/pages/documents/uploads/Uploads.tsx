import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { keys } from "../../../api/keys";
import { type Upload, UploadQueue } from "./queue";
import { sendFile } from "./send";

const QueueContext = createContext<UploadQueue | null>(null);

/** Keeps the uploads going while one moves between pages, and warns before the tab is closed over them. */
export function UploadsProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [queue] = useState(() => new UploadQueue(sendFile));
  useEffect(() => {
    queue.onStored = (upload) => {
      void queries.invalidateQueries({ queryKey: keys.documents(upload.collection) });
      void queries.invalidateQueries({ queryKey: keys.collections });
    };
    const warn = (e: BeforeUnloadEvent) => {
      if (queue.busy) e.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [queue, queries]);
  return <QueueContext value={queue}>{children}</QueueContext>;
}

export function useUploadQueue(): UploadQueue {
  const queue = useContext(QueueContext);
  if (!queue) throw new Error("useUploadQueue outside of UploadsProvider");
  return queue;
}

/** The uploads to one collection, oldest first. */
export function useUploads(collection: string): Upload[] {
  const queue = useUploadQueue();
  return useSyncExternalStore(queue.subscribe, queue.snapshot).filter((u) => u.collection === collection);
}
