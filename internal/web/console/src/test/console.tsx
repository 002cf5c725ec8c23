import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { vi } from "vitest";
import { answer } from "../../fake/api";
import { newWorld, type World } from "../../fake/world";
import { App } from "../app/App";
import { Look } from "../app/Look";
import { newQueryClient } from "../app/queries";

/** Puts the fake API in place of fetch. The requests that were made are in calls. */
export function fakeFetch(world: World) {
  const calls: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const request = input as Request;
    const url = new URL(request.url);
    const path = url.pathname.slice("/api/v1".length);
    calls.push(`${request.method} ${path}`);
    const text = await request.text();
    const a = answer(world, {
      method: request.method,
      path,
      query: url.searchParams,
      body: text ? JSON.parse(text) : {},
    });
    return new Response(a.body === undefined ? null : JSON.stringify(a.body), {
      status: a.status,
      headers: { "Content-Type": "application/json" },
    });
  });
  return calls;
}

/** The whole console at an address, against the fake API. */
export function openConsole(address: string, change: (w: World) => void = () => {}) {
  const world = newWorld();
  change(world);
  const calls = fakeFetch(world);
  const router = createMemoryRouter([{ path: "*", element: <App /> }], { initialEntries: [address] });
  const queries = newQueryClient();
  queries.setDefaultOptions({ queries: { retry: false } });
  render(
    <Look>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </Look>,
  );
  return { world, calls, router };
}
