import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { openConsole } from "../../test/console";
import { shortPerson } from "./person";

it("shows a conversation and the receipt of an answer", async () => {
  openConsole("/conversations");
  const user = userEvent.setup();
  const [row] = await screen.findAllByTestId("conversation-row");
  await user.click(row as HTMLElement);
  const answers = await screen.findAllByTestId("answer");
  expect(answers.map((a) => a.dataset.state)).toEqual(["done", "done", "dead", "done", "taken"]);
  expect(answers[2]).toHaveTextContent("time-out after 3 tries");

  await user.click(within(answers[1] as HTMLElement).getByTestId("receipt-open"));
  const receipt = await screen.findByTestId("receipt");
  expect(receipt).toHaveTextContent("Can I return a gift without the receipt?");
  expect(within(receipt).getAllByTestId("receipt-passage")).toHaveLength(3);
  expect(within(receipt).getByTestId("receipt-prompt")).toHaveAttribute(
    "href",
    "/prompts/answer-en?version=3",
  );
  expect(
    within(receipt)
      .getAllByTestId("stage")
      .map((s) => s.dataset.stage),
  ).toContain("first_token");
});

it("says what to do when nothing matches", async () => {
  openConsole("/conversations");
  await screen.findAllByTestId("conversation-row");
  await userEvent.type(screen.getByTestId("conversation-search"), "xyzzy");
  expect(await screen.findByText("No conversation matches")).toBeVisible();
});

it.each([
  ["王小明", "王小明"],
  ["Anna Schmidt of the Harbour Shop", "Anna Schmidt of the Harbour Shop"],
  ["v-81f2c4d0a7b3f1e29d40ab", "v-81f2c4d0…"],
])("shortPerson %s", (person, want) => expect(shortPerson(person)).toBe(want));
