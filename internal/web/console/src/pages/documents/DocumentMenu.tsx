import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconDownload, IconReplace, IconTrash } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { apiBase, client, done } from "../../api/client";
import type { Document } from "../../api/types";
import { useCan } from "../../app/session";
import { Confirm } from "../../parts/Confirm";
import { formatNumber } from "../../parts/format";
import { tell } from "../../parts/notify";
import { useRefresh } from "./data";
import { useUploadQueue } from "./uploads/Uploads";

/** Download, replace, delete. Replacing is an upload under the document's own name, whatever the new file is called. */
export function DocumentMenu({ document: d, onDeleted }: { document: Document; onDeleted?: () => void }) {
  const { t } = useTranslation();
  const can = useCan();
  const refresh = useRefresh();
  const queue = useUploadQueue();
  const input = useRef<HTMLInputElement>(null);
  const [deleting, setDeleting] = useState(false);
  const remove = async () => {
    await done(client.DELETE("/documents/{id}", { params: { path: { id: d.id } } }));
    refresh({ id: d.collection });
    tell(t("documents.deleted", { name: d.name }));
    onDeleted?.();
  };
  const write = can("documents.write");
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t("common.actions", { name: d.name })} data-testid="doc-menu">
            <IconDots size={17} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            component="a"
            href={`${apiBase}/documents/${encodeURIComponent(d.id)}/file`}
            download={d.name}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {t("documents.download")}
          </Menu.Item>
          {write && (
            <>
              <Menu.Item
                leftSection={<IconReplace size={16} aria-hidden />}
                onClick={() => input.current?.click()}
                data-testid="doc-replace"
              >
                {t("documents.replace")}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={16} aria-hidden />}
                onClick={() => setDeleting(true)}
                data-testid="doc-delete"
              >
                {t("documents.deleteDocument")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <input
        ref={input}
        type="file"
        hidden
        tabIndex={-1}
        aria-label={t("documents.replace")}
        data-testid="replace-input"
        onChange={(e) => {
          const file = e.currentTarget.files?.[0];
          e.currentTarget.value = "";
          if (file) queue.add(d.collection, [new File([file], d.name, { type: file.type })], d.labels);
        }}
      />
      <Confirm
        opened={deleting}
        onClose={() => setDeleting(false)}
        title={t("documents.deleteDocument")}
        action={t("common.delete")}
        danger
        onConfirm={remove}
      >
        {t("documents.deleteText", { name: d.name, n: formatNumber(d.chunks) })}
      </Confirm>
    </>
  );
}
