import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client, done } from "../../api/client";
import type { Collection } from "../../api/types";
import { useCan } from "../../app/session";
import { Confirm } from "../../parts/Confirm";
import { formatNumber } from "../../parts/format";
import { tell } from "../../parts/notify";
import { CollectionDialog } from "./CollectionDialog";
import { useRefresh } from "./data";

/** What may be done with a collection. Nothing for those who may not. */
export function CollectionMenu({ collection: c }: { collection: Collection }) {
  const { t } = useTranslation();
  const can = useCan();
  const refresh = useRefresh();
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const close = () => setDialog(null);
  const remove = async () => {
    await done(client.DELETE("/collections/{id}", { params: { path: { id: c.id } } }));
    refresh();
    tell(t("documents.deleted", { name: c.name }));
  };
  if (!can("collections.write")) return null;
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon
            size="md"
            aria-label={t("common.actions", { name: c.name })}
            data-testid="collection-menu"
          >
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setDialog("edit")}>
            {t("common.edit")}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setDialog("delete")}
          >
            {t("common.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <CollectionDialog collection={c} opened={dialog === "edit"} onClose={close} />
      <Confirm
        opened={dialog === "delete"}
        onClose={close}
        title={t("documents.deleteCollection")}
        action={t("common.delete")}
        danger
        onConfirm={remove}
      >
        {t("documents.deleteCollectionText", { name: c.name, n: formatNumber(c.documents) })}
      </Confirm>
    </>
  );
}
