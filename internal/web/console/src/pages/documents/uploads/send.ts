import { apiBase } from "../../../api/client";
import { problemFrom } from "../../../api/problem";
import type { Document } from "../../../api/types";
import type { Send } from "./queue";

/** Sends a file with XMLHttpRequest, because fetch does not tell how far an upload is. */
export const sendFile: Send = (upload, progress, signal) =>
  new Promise((resolve, reject) => {
    // The fields come first: the server reads the file while it arrives.
    const form = new FormData();
    if (upload.labels.length > 0) form.append("labels", upload.labels.join(","));
    form.append("file", upload.file, upload.file.name);

    const request = new XMLHttpRequest();
    request.open("POST", `${apiBase}/collections/${encodeURIComponent(upload.collection)}/documents`);
    request.setRequestHeader("Accept", "application/json, application/problem+json");
    request.upload.onprogress = (e) => {
      if (e.lengthComputable && e.total > 0) progress(e.loaded / e.total);
    };
    request.onload = () => {
      const answer = parse(request.responseText);
      if (request.status === 200 || request.status === 201) {
        resolve({ document: answer as Document, changed: request.status === 201 });
      } else {
        reject(problemFrom(request.status, answer, request.getResponseHeader("X-Request-Id") ?? ""));
      }
    };
    request.onerror = () => reject(problemFrom(0, null));
    request.onabort = () => reject(problemFrom(0, { code: "aborted" }));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
