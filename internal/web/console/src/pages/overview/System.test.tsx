import { screen, within } from "@testing-library/react";
import i18n from "i18next";
import { afterEach, describe, expect, it } from "vitest";
import { chooseLanguage } from "../../i18n";
import { openConsole } from "../../test/console";

afterEach(async () => chooseLanguage("en"));

describe("servers on the overview", () => {
  it("shows versions, the second lock, Redis and the warnings", async () => {
    openConsole("/overview");
    const database = await screen.findByTestId("system-database");
    expect(database).toHaveTextContent("Postgres 17.2");
    expect(database).toHaveTextContent("0.8.0");
    expect(screen.getByTestId("system-redis")).toHaveTextContent("Degraded");
    expect(screen.getByTestId("system-warning")).toHaveTextContent("pgvector 0.8.0 can write past a buffer");
  });

  it("says warnings in Chinese, and the server's own sentence where it knows none", async () => {
    await chooseLanguage("zh-CN");
    openConsole("/overview", (w) => {
      w.system.warnings.push({
        code: "newer",
        level: "fail",
        detail: "Detail.",
        advice: "Advice.",
        values: {},
      });
    });
    const [known, unknown] = await screen.findAllByTestId("system-warning");
    expect(known).toHaveTextContent("写越缓冲区");
    expect(unknown).toHaveTextContent("Detail. Advice.");
    expect(i18n.language).toBe("zh-CN");
  });

  it("shows the size of the file", async () => {
    openConsole("/overview", (w) => {
      w.system.database = {
        kind: "sqlite",
        bytes: 12_400_000,
        version: "",
        pgvector: "",
        second_lock: false,
      };
    });
    expect(await screen.findByTestId("system-database")).toHaveTextContent("12.4 MB");
  });

  it("does not show a channel that stands by as down", async () => {
    openConsole("/overview");
    const cards = await screen.findAllByTestId("channel-health");
    const standby = cards.find((c) => c.dataset.state === "standby") as HTMLElement;
    expect(within(standby).getByText("Standing by")).toBeVisible();
    expect(standby).toHaveTextContent("Another replica has the connection");
  });
});
