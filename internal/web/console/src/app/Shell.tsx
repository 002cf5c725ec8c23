import { AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import { PageSkeleton } from "../parts/PageSkeleton";
import { Crash } from "./Crash";
import { Logo } from "./Logo";
import { ModeNote } from "./ModeNote";
import { Nav } from "./Nav";
import classes from "./Shell.module.css";
import { Switches } from "./Switches";
import { useSession } from "./session";
import { UserMenu } from "./UserMenu";

/** The frame around all pages: navigation on the left, folded away on narrow screens. */
export function Shell() {
  const { t } = useTranslation();
  const { permissions } = useSession();
  const [opened, { toggle, close }] = useDisclosure();
  const narrow = useMediaQuery("(max-width: 61.99em)", undefined, { getInitialValueInEffect: false });
  return (
    <AppShell
      header={{ height: { base: 56, md: 0 } }}
      navbar={{ width: 236, breakpoint: "md", collapsed: { mobile: !opened } }}
      padding={0}
    >
      <a href="#main" className={classes.skip}>
        {t("common.skip")}
      </a>
      <AppShell.Header hiddenFrom="md" className={classes.header}>
        <Group h="100%" px="md" gap="sm">
          <Burger
            opened={opened}
            onClick={toggle}
            size="sm"
            aria-label={opened ? t("common.nav.close") : t("common.nav.open")}
            data-testid="nav-toggle"
          />
          <Logo size={24} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} p="sm" inert={narrow && !opened}>
        <Group px={8} pt={8} pb={22} justify="space-between" visibleFrom="md">
          <Logo />
        </Group>
        <div className={classes.nav}>
          <Nav granted={permissions} onNavigate={close} />
        </div>
        <ModeNote />
        <Group justify="space-between" px={4} py={8} className={classes.foot} wrap="nowrap">
          <Switches />
        </Group>
        <UserMenu onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main}>
        <div className={classes.page}>
          <Crash>
            <Suspense fallback={<PageSkeleton />}>
              <Outlet />
            </Suspense>
          </Crash>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}
