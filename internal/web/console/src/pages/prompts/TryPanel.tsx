import { Button, Divider, MultiSelect, Stack, Text, Textarea } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { ErrorState } from "../../parts/ErrorState";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import { ReceiptView } from "../../parts/receipt/ReceiptView";
import { useCollections } from "../documents/data";

interface Props {
  name: string;
  text: string; // of the draft
  sound: boolean; // the check found nothing
}

/** Asks a question with the draft in place of the active prompt, and shows how the answer came about. */
export function TryPanel({ name, text, sound }: Props) {
  const { t } = useTranslation();
  const collections = useCollections();
  const [question, setQuestion] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const run = useMutation({
    mutationFn: () =>
      body(
        client.POST("/try", {
          body: {
            question: question.trim(),
            prompt: name,
            text,
            collections: chosen.length ? chosen : undefined,
            // The draft is of one language: an answer in another would not use it.
            language: name.endsWith("-zh") ? "zh" : name.endsWith("-en") ? "en" : undefined,
          },
        }),
      ),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (question.trim() && sound) run.mutate();
  };
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("prompts.tryText")}
      </Text>
      <form onSubmit={submit}>
        <Stack gap="xs">
          <Textarea
            label={t("prompts.tryQuestion")}
            placeholder={t("prompts.tryPlaceholder")}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={4000}
            value={question}
            onChange={(e) => setQuestion(e.currentTarget.value)}
            onKeyDown={(e) => {
              if (e.key === "Enter" && !e.shiftKey && !e.nativeEvent.isComposing) submit(e);
            }}
            data-testid="try-question"
          />
          <MultiSelect
            aria-label={t("prompts.tryCollections")}
            placeholder={chosen.length ? undefined : t("prompts.tryAll")}
            data={(collections.data ?? []).map((c) => ({ value: c.id, label: c.name }))}
            value={chosen}
            onChange={setChosen}
            clearable
          />
          <Button
            type="submit"
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            loading={run.isPending}
            disabled={!question.trim() || !sound}
            data-testid="try-run"
          >
            {t("prompts.tryRun")}
          </Button>
          {!sound && (
            <Text size="xs" c="dimmed">
              {t("prompts.tryProblems")}
            </Text>
          )}
        </Stack>
      </form>
      {(run.isPending || run.isError || run.data) && <Divider my={4} />}
      {run.isPending ? (
        <RowsSkeleton rows={3} height={80} />
      ) : run.isError ? (
        <ErrorState error={run.error} onRetry={() => run.mutate()} />
      ) : run.data ? (
        <div data-testid="try-receipt">
          <ReceiptView receipt={run.data} answerTestID="try-answer" />
        </div>
      ) : null}
    </Stack>
  );
}
