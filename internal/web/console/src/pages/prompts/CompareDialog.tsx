import { Group, Modal, Select, Skeleton, Text } from "@mantine/core";
import { IconArrowRight, IconEqual } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Prompt } from "../../api/types";
import { EmptyState } from "../../parts/EmptyState";
import { versionTitle } from "./words";

const Diff = lazy(() => import("./editor/Diff"));

/** Stands for what is in the editor. */
export const draftVersion = -1;

interface Choice {
  from: number;
  to: number;
}

interface Props {
  versions: Prompt[];
  draft: string | null;
  choice: Choice | null; // null: closed
  onChange: (choice: Choice | null) => void;
}

/** Any two versions side by side, the draft included. */
export function CompareDialog({ versions, draft, choice, onChange }: Props) {
  const { t } = useTranslation();
  const texts = new Map(versions.map((v) => [v.version, v.text]));
  if (draft !== null) texts.set(draftVersion, draft);
  const data = [
    ...(draft !== null ? [{ value: String(draftVersion), label: t("prompts.draft") }] : []),
    ...versions.map((v) => ({
      value: String(v.version),
      label: versionTitle(v.version, t) + (v.active ? ` (${t("prompts.active")})` : ""),
    })),
  ];
  const from = choice ? texts.get(choice.from) : undefined;
  const to = choice ? texts.get(choice.to) : undefined;
  return (
    <Modal
      opened={choice !== null}
      onClose={() => onChange(null)}
      title={<Text fw={650}>{t("prompts.compareTitle")}</Text>}
      size="min(1180px, 96vw)"
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {choice && (
        <>
          <Group mb="md" wrap="nowrap" align="flex-end" gap="xs">
            <Select
              flex={1}
              label={t("prompts.from")}
              data={data}
              value={String(choice.from)}
              allowDeselect={false}
              onChange={(v) => v !== null && onChange({ ...choice, from: Number(v) })}
              data-testid="diff-from"
            />
            <IconArrowRight size={18} aria-hidden style={{ marginBottom: 9, flex: "none" }} />
            <Select
              flex={1}
              label={t("prompts.to")}
              data={data}
              value={String(choice.to)}
              allowDeselect={false}
              onChange={(v) => v !== null && onChange({ ...choice, to: Number(v) })}
              data-testid="diff-to"
            />
          </Group>
          {from === to ? (
            <EmptyState compact icon={IconEqual} title={t("prompts.sameText")} />
          ) : (
            <Suspense fallback={<Skeleton h={320} />}>
              <Diff from={from ?? ""} to={to ?? ""} />
            </Suspense>
          )}
        </>
      )}
    </Modal>
  );
}
