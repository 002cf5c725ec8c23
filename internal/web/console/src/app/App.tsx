import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Route, Routes } from "react-router";
import { Login } from "../pages/login/Login";
import { Setup } from "../pages/setup/Setup";
import { PageHeader } from "../parts/PageHeader";
import { type Page, pagesFor } from "./permissions";
import { RequirePermission, RequireSession } from "./RequireSession";
import { Shell } from "./Shell";
import { useSession } from "./session";

// Each page is a file of its own: charts and the editor are loaded by those who open them.
const Overview = lazy(() => import("../pages/overview/Overview"));
const Documents = lazy(() => import("../pages/documents/Documents"));
const Prompts = lazy(() => import("../pages/prompts/Prompts"));
const PromptPage = lazy(() => import("../pages/prompts/PromptPage"));
const Conversations = lazy(() => import("../pages/conversations/Conversations"));
const Settings = lazy(() => import("../pages/settings/Settings"));

export function App() {
  return (
    <Suspense fallback={null}>
      <Routes>
        <Route path="/login" element={<Login />} />
        <Route path="/setup" element={<Setup />} />
        <Route
          element={
            <RequireSession>
              <Shell />
            </RequireSession>
          }
        >
          <Route index element={<FirstPage />} />
          <Route path="/overview" element={guarded("overview.read", <Overview />)} />
          <Route path="/documents/:collection?" element={guarded("documents.read", <Documents />)} />
          <Route path="/prompts" element={guarded("prompts.read", <Prompts />)} />
          <Route path="/prompts/:name" element={guarded("prompts.read", <PromptPage />)} />
          <Route path="/conversations/:id?" element={guarded("conversations.read", <Conversations />)} />
          <Route path="/settings/:tab?" element={<Settings />} />
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </Suspense>
  );
}

function guarded(needs: NonNullable<Page["needs"]>, page: React.ReactNode) {
  return <RequirePermission needs={needs}>{page}</RequirePermission>;
}

function FirstPage() {
  const { permissions } = useSession();
  return <Navigate to={pagesFor(permissions)[0]?.path ?? "/settings"} replace />;
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={t("common.notFoundTitle")} text={t("common.notFoundText")} />
      <Link to="/">{t("common.toOverview")}</Link>
    </>
  );
}
