import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { chooseLanguage } from "../../i18n";
import { variablesIn } from "./editor/variables";
import { ProblemList } from "./ProblemList";

const problem = {
  line: 3,
  column: 9,
  code: "unknown_variable",
  message: "There is no variable {{.Reader}}.",
};
const show = (props: Parameters<typeof ProblemList>[0]) =>
  render(
    <MantineProvider>
      <ProblemList {...props} />
    </MantineProvider>,
  );

describe("ProblemList", () => {
  it("says that it checks, and that all is well", () => {
    show({ problems: null });
    expect(screen.getByText("Checking…")).toBeVisible();
    show({ problems: [] });
    expect(screen.getByTestId("prompt-check")).toHaveAttribute("data-ok", "true");
  });

  it("names line and column, and leads there", async () => {
    const go = vi.fn();
    show({ problems: [problem, { ...problem, line: 5 }], onGo: go });
    expect(screen.getByText("2 problems")).toBeVisible();
    const [first] = screen.getAllByTestId("prompt-problem");
    expect(first).toHaveTextContent("Line 3, column 9: There is no variable {{.Reader}}.");
    await userEvent.click(first as HTMLElement);
    expect(go).toHaveBeenCalledWith(3, 9);
  });

  it("speaks Chinese, and shows what it has no words for as it came", async () => {
    await chooseLanguage("zh-CN");
    show({ problems: [problem, { ...problem, code: "brand_new", message: "Brand new." }] });
    const [first, second] = screen.getAllByTestId("prompt-problem");
    expect(first).toHaveTextContent("第 3 行，第 9 列: 没有这个变量。");
    expect(second).toHaveTextContent("Brand new.");
  });
});

it.each([
  ["Hello {{.Question}} and {{ .Passages }} and {{.Question}}", ["Question", "Passages"]],
  ["{{{{.Question}} is text", []],
  ["{{Question}} {{.}}", [""]],
  ["nothing", []],
])("variablesIn %s", (text, want) => expect(variablesIn(text)).toEqual(want));
