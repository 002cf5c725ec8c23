import { Button, Group, Stack, TagsInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import { keys } from "../../api/keys";
import type { Document } from "../../api/types";
import { FormError } from "../../parts/ErrorState";
import { tell } from "../../parts/notify";
import { useRefresh } from "./data";

/** Title, labels and address: what may change without a new file. */
export function DocumentForm({ document: d }: { document: Document }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const refresh = useRefresh();
  const [title, setTitle] = useState(d.title);
  const [labels, setLabels] = useState(d.labels);
  const [url, setURL] = useState(d.url);
  const changed = title !== d.title || url !== d.url || labels.join("\n") !== d.labels.join("\n");
  const save = useMutation({
    mutationFn: () =>
      body(
        client.PATCH("/documents/{id}", {
          params: { path: { id: d.id } },
          body: {
            title: title !== d.title && title.trim() ? title.trim() : undefined,
            labels,
            url: url.trim(),
          },
        }),
      ),
    onSuccess: (saved) => {
      queries.setQueryData(keys.document(d.id), saved);
      setTitle(saved.title);
      setLabels(saved.labels);
      setURL(saved.url);
      refresh(saved);
      tell(t("common.saved"));
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label={t("documents.titleField")}
          value={title}
          maxLength={300}
          onChange={(e) => setTitle(e.currentTarget.value)}
          data-testid="doc-title"
        />
        <TagsInput
          label={t("documents.labels")}
          placeholder={labels.length ? undefined : t("documents.labelsPlaceholder")}
          value={labels}
          onChange={setLabels}
          maxTags={50}
          maxLength={100}
          splitChars={[",", "，"]}
          data-testid="doc-labels"
        />
        <TextInput
          label={t("documents.url")}
          description={t("documents.urlHint")}
          placeholder="https://"
          type="url"
          value={url}
          maxLength={2000}
          onChange={(e) => setURL(e.currentTarget.value)}
        />
        <FormError error={save.error} />
        <Group justify="flex-end">
          <Button
            type="submit"
            variant="light"
            disabled={!changed}
            loading={save.isPending}
            data-testid="doc-save"
          >
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
