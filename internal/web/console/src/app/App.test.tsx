import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { openConsole } from "../test/console";

const signedOut = { user: null };

describe("signing in", () => {
  it("leads strangers to the sign-in page and back to where they wanted to go", async () => {
    const { router } = openConsole("/documents", (w) => Object.assign(w, signedOut));
    const user = userEvent.setup();
    await user.type(await screen.findByTestId("login-username"), "mei");
    await user.type(screen.getByTestId("login-password"), "a good one");
    await user.click(screen.getByTestId("login-submit"));
    expect(await screen.findByRole("heading", { name: "Documents" })).toBeVisible();
    expect(router.state.location.pathname).toBe("/documents");
  });

  it("shows a refusal with the number of the request", async () => {
    openConsole("/login", (w) => Object.assign(w, signedOut));
    const user = userEvent.setup();
    await user.type(await screen.findByTestId("login-username"), "mei");
    await user.type(screen.getByTestId("login-password"), "wrong");
    await user.click(screen.getByTestId("login-submit"));
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("The user name or the password is wrong.");
    expect(alert).toHaveTextContent("fake-7f3a91");
    expect(screen.getByTestId("login-username")).toHaveValue("mei");
  });

  it("ends on the sign-in page when the session ended elsewhere", async () => {
    const { world } = openConsole("/settings/users");
    await screen.findAllByTestId("user-row");
    world.user = null;
    await userEvent.click(screen.getByTestId("tab-keys"));
    expect(await screen.findByTestId("login-submit")).toBeVisible();
  });

  it("signs out, and forgets what was shown", async () => {
    openConsole("/settings/users");
    const user = userEvent.setup();
    await screen.findAllByTestId("user-row");
    await user.click(screen.getByTestId("user-menu"));
    await user.click(await screen.findByTestId("sign-out"));
    expect(await screen.findByTestId("login-submit")).toBeVisible();
    expect(screen.queryByTestId("user-row")).toBeNull();
  });

  it("says how to set up when nobody has an account yet", async () => {
    openConsole("/login", (w) => Object.assign(w, signedOut, { needsSetup: true }));
    expect(await screen.findByText("Parley is not set up yet")).toBeVisible();
  });

  it("makes the first account and goes in", async () => {
    const { router } = openConsole("/setup?token=t", (w) =>
      Object.assign(w, signedOut, { needsSetup: true }),
    );
    const user = userEvent.setup();
    await user.type(await screen.findByTestId("setup-username"), "mei");
    await user.type(screen.getByTestId("setup-password"), "correct horse");
    await user.click(screen.getByTestId("setup-submit"));
    await waitFor(() => expect(router.state.location.pathname).toBe("/overview"));
  });

  it("does not offer set-up without a token", async () => {
    openConsole("/setup", (w) => Object.assign(w, signedOut, { needsSetup: true }));
    expect(await screen.findByText("This link has no set-up token")).toBeVisible();
    expect(screen.queryByTestId("setup-submit")).toBeNull();
  });
});

describe("roles", () => {
  it("shows a viewer what they may read and nothing to change it", async () => {
    openConsole("/documents", (w) => {
      w.role = "viewer";
    });
    await screen.findAllByTestId("doc-row");
    expect(screen.queryByTestId("upload-input")).toBeNull();
    expect(screen.queryByTestId("collection-new")).toBeNull();
    expect(screen.queryByTestId("doc-retry")).toBeNull();
    await userEvent.click(screen.getByTestId("nav-settings"));
    expect(await screen.findByTestId("tab-profile")).toBeVisible();
    expect(screen.queryByTestId("tab-users")).toBeNull();
    expect(screen.queryByTestId("tab-keys")).toBeNull();
  });

  it("shows an owner all of it", async () => {
    openConsole("/documents");
    await screen.findAllByTestId("doc-row");
    expect(screen.getByTestId("upload-input")).toBeInTheDocument();
    for (const page of ["overview", "documents", "prompts", "conversations", "settings"]) {
      expect(screen.getByTestId(`nav-${page}`)).toBeInTheDocument();
    }
  });
});

describe("documents", () => {
  it("shows the translated reason of a failure and tries again", async () => {
    const { calls } = openConsole("/documents");
    const user = userEvent.setup();
    await screen.findAllByTestId("doc-row");
    await user.click(screen.getByTestId("lang-switch"));
    const reason = await screen.findByText(/文件有密码保护/);
    const row = reason.closest("[data-testid=doc-row]") as HTMLElement;
    expect(row).toHaveAttribute("data-stage", "failed");
    await user.click(within(row).getByTestId("doc-retry"));
    await waitFor(() => expect(calls.some((c) => /^POST \/documents\/.+\/retry$/.test(c))).toBe(true));
    await waitFor(() => expect(row).toHaveAttribute("data-stage", "queued"));
  });

  it("asks before it deletes", async () => {
    const { calls } = openConsole("/documents");
    const user = userEvent.setup();
    const [row] = await screen.findAllByTestId("doc-row");
    await user.click(within(row as HTMLElement).getByTestId("doc-menu"));
    await user.click(await screen.findByTestId("doc-delete"));
    expect(calls.some((c) => c.startsWith("DELETE"))).toBe(false);
    await user.click(await screen.findByTestId("confirm"));
    await waitFor(() => expect(calls.some((c) => c.startsWith("DELETE /documents/"))).toBe(true));
  });

  it("runs a search test", async () => {
    openConsole("/documents?tab=search");
    const user = userEvent.setup();
    await user.type(await screen.findByTestId("search-question"), "Can I return a gift?");
    await user.click(screen.getByTestId("search-run"));
    expect(await screen.findAllByTestId("search-passage")).toHaveLength(3);
    expect(screen.getByText("This would be answered")).toBeVisible();
  });
});
