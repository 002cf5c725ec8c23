import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { body, client } from "../../api/client";
import type { Collection } from "../../api/types";
import { FormError } from "../../parts/ErrorState";
import { useRefresh } from "./data";

interface Props {
  collection?: Collection; // none: a new one
  opened: boolean;
  onClose: () => void;
  onSaved?: (c: Collection) => void;
}

export function CollectionDialog(props: Props) {
  const { t } = useTranslation();
  const title = props.collection ? t("documents.editCollection") : t("documents.newCollection");
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={<Text fw={650}>{title}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Form {...props} />
    </Modal>
  );
}

function Form({ collection, onClose, onSaved }: Props) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [name, setName] = useState(collection?.name ?? "");
  const [note, setNote] = useState(collection?.note ?? "");
  const save = useMutation({
    mutationFn: (): Promise<Collection> =>
      collection
        ? body(
            client.PATCH("/collections/{id}", {
              params: { path: { id: collection.id } },
              body: { name, note },
            }),
          )
        : body(client.POST("/collections", { body: { name, note } })),
    onSuccess: (c) => {
      refresh();
      onClose();
      onSaved?.(c);
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t("documents.collectionName")}
          required
          withAsterisk={false}
          maxLength={100}
          data-autofocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          data-testid="collection-name"
        />
        <Textarea
          label={t("documents.collectionNote")}
          placeholder={t("documents.collectionNotePlaceholder")}
          maxLength={1000}
          autosize
          minRows={2}
          value={note}
          onChange={(e) => setNote(e.currentTarget.value)}
        />
        <FormError error={save.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            type="submit"
            loading={save.isPending}
            disabled={name.trim() === ""}
            data-testid="collection-save"
          >
            {t("common.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
