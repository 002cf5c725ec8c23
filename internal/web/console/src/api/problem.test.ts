import i18n from "i18next";
import { describe, expect, it } from "vitest";
import { chooseLanguage } from "../i18n";
import { ApiError, asApiError, codeSentence, problemFrom, sentenceFor } from "./problem";

const problem = {
  type: "about:blank",
  title: "Unprocessable Entity",
  status: 422,
  code: "username_taken",
  detail: "There is a user with this user name already.",
  request_id: "r-1",
  errors: [{ location: "body.username", message: "is taken" }, { message: 3 }],
};

describe("problemFrom", () => {
  it("reads problem+json", () => {
    const e = problemFrom(422, problem);
    expect([e.status, e.code, e.detail, e.requestId]).toEqual([422, "username_taken", problem.detail, "r-1"]);
    expect(e.fields).toEqual([{ location: "body.username", message: "is taken" }]);
  });

  it.each([
    [0, "offline"],
    [401, "sign_in_required"],
    [403, "denied"],
    [404, "not_found"],
    [413, "too_large"],
    [429, "too_many_attempts"],
    [500, "internal"],
    [503, "unavailable"],
  ])("makes of a bare %i the code %s", (status, code) => {
    expect(problemFrom(status, "<html>").code).toBe(code);
  });

  it("takes the request number from the header if the body has none", () => {
    expect(problemFrom(502, null, "r-9").requestId).toBe("r-9");
  });
});

describe("sentenceFor", () => {
  it("shows the server's own sentence in English", () => {
    const e = problemFrom(413, {
      code: "too_large",
      detail: "The file is too large: at most 200 MB are accepted.",
    });
    expect(sentenceFor(e, i18n.t)).toBe("The file is too large: at most 200 MB are accepted.");
  });

  it("has a sentence where the server sends none", () => {
    expect(sentenceFor(new TypeError("Failed to fetch"), i18n.t)).toMatch(/does not answer/);
    expect(sentenceFor(new Error("secret stack"), i18n.t)).toMatch(/went wrong/);
  });

  it("translates known codes and falls back to the server's sentence", async () => {
    await chooseLanguage("zh-CN");
    expect(sentenceFor(problemFrom(422, problem), i18n.t)).toBe("该用户名已被使用。");
    expect(codeSentence("something_new", "A new thing.", i18n.t)).toBe("A new thing.");
    expect(codeSentence("", "", i18n.t)).toMatch(/服务器/);
  });

  it("does not let a code reach into other texts", async () => {
    await chooseLanguage("zh-CN");
    expect(codeSentence("../common.nav", "Plain.", i18n.t)).toBe("Plain.");
    expect(codeSentence("toString", "Plain.", i18n.t)).toBe("Plain.");
  });
});

it("asApiError keeps what is one", () => {
  const e = new ApiError(409, "conflict", "", "");
  expect(asApiError(e)).toBe(e);
});
