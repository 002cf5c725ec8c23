import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { openConsole } from "../../test/console";

const row = async (model: string) => {
  const rows = await screen.findAllByTestId("embedding-row");
  return rows.find((r) => r.dataset.model === model) as HTMLElement;
};

describe("embedding models", () => {
  it("shows which one serves and how far the next one is", async () => {
    openConsole("/settings/embedding");
    expect(await row("BAAI/bge-m3")).toHaveAttribute("data-serving", "true");
    const next = await row("qwen3-embedding");
    expect(within(next).getByRole("progressbar", { name: /qwen3-embedding/ })).toBeInTheDocument();
    expect(within(next).getByText(/12,880 of 48,210 chunks/)).toBeVisible();
    expect(within(next).queryByRole("button")).toBeNull();
  });

  it("asks before it goes on to a model and back again", async () => {
    const { calls } = openConsole("/settings/embedding", (w) => {
      for (const m of w.embeddingModels) m.complete = true;
    });
    const user = userEvent.setup();
    await user.click(within(await row("qwen3-embedding")).getByTestId("embedding-serve"));
    expect(calls).not.toContain("POST /embedding-models/serve");
    await user.click(await screen.findByTestId("confirm"));
    await waitFor(async () => expect(await row("qwen3-embedding")).toHaveAttribute("data-serving", "true"));
    await user.click(await within(await row("BAAI/bge-m3")).findByTestId("embedding-back"));
    await user.click(await screen.findByTestId("confirm"));
    await waitFor(async () => expect(await row("BAAI/bge-m3")).toHaveAttribute("data-serving", "true"));
  });

  it("keeps the dialog open with the reason when it is refused", async () => {
    const { world } = openConsole("/settings/embedding", (w) => {
      for (const m of w.embeddingModels) m.complete = true;
    });
    const user = userEvent.setup();
    await user.click(within(await row("qwen3-embedding")).getByTestId("embedding-serve"));
    for (const m of world.embeddingModels) m.complete = false;
    await user.click(await screen.findByTestId("confirm"));
    expect(await screen.findByRole("alert")).toHaveTextContent("not complete yet");
  });

  it("forgets what is configured no more, after a word", async () => {
    openConsole("/settings/embedding");
    const user = userEvent.setup();
    await user.click(within(await row("text-embedding-ada")).getByTestId("embedding-forget"));
    expect(await screen.findByRole("dialog")).toHaveTextContent("cannot be taken back");
    await user.click(await screen.findByTestId("confirm"));
    await waitFor(() => expect(screen.getAllByTestId("embedding-row")).toHaveLength(2));
  });

  it("is for administrators", async () => {
    const { calls } = openConsole("/settings/embedding", (w) => Object.assign(w, { role: "editor" }));
    expect(await screen.findByTestId("tab-system")).toBeVisible();
    expect(screen.queryByTestId("tab-embedding")).toBeNull();
    expect(calls).not.toContain("GET /embedding-models");
  });
});
