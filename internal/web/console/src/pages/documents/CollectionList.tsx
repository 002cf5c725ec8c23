import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Collection } from "../../api/types";
import { formatNumber } from "../../parts/format";
import classes from "./CollectionList.module.css";
import { CollectionMenu } from "./CollectionMenu";

interface Props {
  collections: Collection[];
  current: string;
  onChoose: (id: string) => void;
}

export function CollectionList({ collections, current, onChoose }: Props) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("documents.collections")} className={classes.side}>
      <Text size="xs" c="dimmed" fw={600} mb={6} px={10}>
        {t("documents.collections")}
      </Text>
      <ul className={classes.list}>
        {collections.map((c) => (
          <li key={c.id} className={classes.item} data-current={c.id === current || undefined}>
            <button
              type="button"
              className={classes.choose}
              onClick={() => onChoose(c.id)}
              aria-current={c.id === current || undefined}
              title={c.note || undefined}
              data-testid="collection"
              data-name={c.name}
            >
              <span className={classes.name}>{c.name}</span>
              <span className={`${classes.count} num`}>{formatNumber(c.documents)}</span>
            </button>
            <CollectionMenu collection={c} />
          </li>
        ))}
      </ul>
    </nav>
  );
}
