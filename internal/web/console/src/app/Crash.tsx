import { Button } from "@mantine/core";
import { IconMoodSad } from "@tabler/icons-react";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../parts/EmptyState";

/** Catches what breaks below it, so that the navigation stays. */
export class Crash extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <EmptyState icon={IconMoodSad} title={t("common.crashTitle")} text={t("common.crashText")}>
      <Button mt="sm" onClick={() => location.reload()}>
        {t("common.reload")}
      </Button>
    </EmptyState>
  );
}
