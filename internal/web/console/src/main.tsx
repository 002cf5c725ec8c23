import "./app/global.css";
import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { App } from "./app/App";
import { Look } from "./app/Look";
import { shareNonce } from "./app/nonce";
import { newQueryClient } from "./app/queries";
import { startI18n } from "./i18n";

shareNonce();
const queries = newQueryClient();
// A data router, because only it can hold someone back from leaving unsaved changes.
const router = createBrowserRouter([{ path: "*", element: <App /> }], {
  basename: import.meta.env.BASE_URL.replace(/\/$/, ""),
});

startI18n().then(() => {
  const root = document.getElementById("root");
  if (!root) throw new Error("index.html has no #root");
  createRoot(root).render(
    <StrictMode>
      <Look>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </Look>
    </StrictMode>,
  );
});
