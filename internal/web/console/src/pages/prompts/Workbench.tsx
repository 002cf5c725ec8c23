import { Alert, Badge, Box, Button, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconHistory, IconPlayerPlay } from "@tabler/icons-react";
import { lazy, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Prompt, PromptCheck } from "../../api/types";
import { useCan } from "../../app/session";
import { Card } from "../../parts/Card";
import { Confirm } from "../../parts/Confirm";
import { useCheck } from "./data";
import type { EditorHandle } from "./editor/Editor";
import { LeaveGuard } from "./LeaveGuard";
import { ProblemList } from "./ProblemList";
import { PublishBar } from "./PublishBar";
import { TryPanel } from "./TryPanel";
import { VariableList } from "./VariableList";
import { VersionList } from "./VersionList";
import classes from "./Workbench.module.css";
import { versionTitle } from "./words";

const Editor = lazy(() => import("./editor/Editor"));
const noProblems: PromptCheck["problems"] = [];

interface Props {
  name: string;
  versions: Prompt[]; // newest first, the default last
  variables: string[];
  wanted?: number; // version to open; else the active one
}

/** Where a prompt is worked on: the text on the left, versions and trial on the right. */
export function Workbench({ name, versions, variables, wanted }: Props) {
  const { t } = useTranslation();
  const can = useCan();
  const editor = useRef<EditorHandle>(null);
  const active = versions.find((v) => v.active) ?? versions.at(-1);
  const first = versions.find((v) => v.version === wanted) ?? active;
  const [base, setBase] = useState(first?.version ?? 0);
  const [draft, setDraft] = useState(first?.text ?? "");
  const [opening, setOpening] = useState<Prompt | null>(null); // waits for the word to lose changes
  const [checked] = useDebouncedValue(draft, 350);
  const check = useCheck(name, checked);

  const origin = versions.find((v) => v.version === base);
  const changed = draft !== (origin?.text ?? "");
  const write = can("prompts.write");
  const problems = check.data?.problems ?? null;
  const open = (v: Prompt) => {
    setBase(v.version);
    setDraft(v.text);
  };
  return (
    <div className={classes.columns}>
      <LeaveGuard active={changed} />
      <Card p={0} className={classes.editorCard}>
        <Group px="md" py="sm" justify="space-between" className={classes.bar}>
          <Group gap={8}>
            <Text size="sm" fw={600}>
              {versionTitle(base, t)}
            </Text>
            {origin?.active && <Badge>{t("prompts.active")}</Badge>}
            {changed && <Badge color="yellow">{t("prompts.changed")}</Badge>}
          </Group>
          {changed && origin && (
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setOpening(origin)}>
              {t("prompts.discard")}
            </Button>
          )}
        </Group>
        {write && (
          <VariableList variables={variables} onInsert={(v) => editor.current?.insert(`{{.${v}}}`)} />
        )}
        <Suspense fallback={<Skeleton h={340} radius={0} />}>
          <Editor
            ref={editor}
            value={draft}
            onChange={setDraft}
            variables={variables}
            problems={problems ?? noProblems}
            readOnly={!write}
            label={t("prompts.editor")}
          />
        </Suspense>
        <Box px="md" py="sm" className={classes.foot}>
          {check.isError ? null : (
            <ProblemList problems={problems} onGo={(l, c) => editor.current?.goTo(l, c)} />
          )}
        </Box>
        {write ? (
          <PublishBar
            name={name}
            draft={draft}
            base={origin}
            sound={problems?.length === 0}
            onSaved={(p) => {
              // What was typed while the answer was on its way stays.
              setBase(p.version);
            }}
          />
        ) : (
          <Alert m="md" color="gray">
            {t("prompts.readOnly")}
          </Alert>
        )}
      </Card>
      <Card p="md" className={classes.side}>
        <Tabs defaultValue="versions">
          <Tabs.List mb="md">
            <Tabs.Tab
              value="versions"
              leftSection={<IconHistory size={16} aria-hidden />}
              data-testid="tab-versions"
            >
              {t("prompts.versions")}
            </Tabs.Tab>
            {can("try") && (
              <Tabs.Tab
                value="try"
                leftSection={<IconPlayerPlay size={16} aria-hidden />}
                data-testid="tab-try"
              >
                {t("prompts.try")}
              </Tabs.Tab>
            )}
          </Tabs.List>
          <Tabs.Panel value="versions">
            <VersionList
              name={name}
              versions={versions}
              open={base}
              draft={changed ? draft : null}
              onOpen={(v) => (changed ? setOpening(v) : open(v))}
            />
          </Tabs.Panel>
          <Tabs.Panel value="try">
            <TryPanel name={name} text={draft} sound={problems?.length === 0} />
          </Tabs.Panel>
        </Tabs>
      </Card>
      <Confirm
        opened={opening !== null}
        onClose={() => setOpening(null)}
        title={t("prompts.discard")}
        action={t("prompts.discard")}
        danger
        onConfirm={async () => opening && open(opening)}
      >
        {t("prompts.discardText")}
      </Confirm>
    </div>
  );
}
