import { Center, Loader } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useLocation } from "react-router";
import { UploadsProvider } from "../pages/documents/uploads/Uploads";
import { EmptyState } from "../parts/EmptyState";
import { ErrorState } from "../parts/ErrorState";
import type { Permission } from "./permissions";
import { SessionProvider, useCan, useSessionQuery } from "./session";

/** Shows its children to whoever is signed in, and the sign-in page to others. */
export function RequireSession({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const query = useSessionQuery();
  const location = useLocation();
  if (query.isPending) {
    return (
      <Center h="100dvh">
        <Loader aria-label={t("common.loading")} />
      </Center>
    );
  }
  if (query.isError && !query.data) {
    return (
      <Center h="100dvh" p="md">
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      </Center>
    );
  }
  if (!query.data) {
    const to = location.pathname + location.search;
    return <Navigate to="/login" replace state={{ to }} />;
  }
  return (
    <SessionProvider session={query.data}>
      <UploadsProvider>{children}</UploadsProvider>
    </SessionProvider>
  );
}

/** Shows its children to those who may read the page. */
export function RequirePermission({ needs, children }: { needs: Permission; children: ReactNode }) {
  const { t } = useTranslation();
  const can = useCan();
  if (can(needs)) return children;
  return <EmptyState icon={IconLock} title={t("common.deniedTitle")} text={t("common.deniedText")} />;
}
