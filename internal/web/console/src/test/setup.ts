import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";
import { chooseLanguage, startI18n } from "../i18n";

// What jsdom has not, and Mantine asks for.
window.matchMedia = (query: string) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
    addListener: () => {},
    removeListener: () => {},
    dispatchEvent: () => false,
    onchange: null,
  }) as MediaQueryList;
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.HTMLElement.prototype.scrollIntoView = () => {};
Object.defineProperty(document, "fonts", {
  value: { addEventListener: () => {}, removeEventListener: () => {} },
  configurable: true,
});

configure({ asyncUtilTimeout: 20_000 });

beforeAll(() => startI18n("en"));
afterEach(async () => {
  cleanup();
  localStorage.clear();
  await chooseLanguage("en");
  localStorage.clear();
});
