import { Button, Group, Select, Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconFileSearch, IconFiles, IconFolderPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import type { Collection } from "../../api/types";
import { useCan } from "../../app/session";
import { Card } from "../../parts/Card";
import { EmptyState } from "../../parts/EmptyState";
import { ErrorState } from "../../parts/ErrorState";
import { PageHeader } from "../../parts/PageHeader";
import { PageSkeleton } from "../../parts/PageSkeleton";
import { CollectionDialog } from "./CollectionDialog";
import { CollectionList } from "./CollectionList";
import { CollectionMenu } from "./CollectionMenu";
import { DocumentDrawer } from "./DocumentDrawer";
import classes from "./Documents.module.css";
import { DocumentsPanel } from "./DocumentsPanel";
import { useCollections } from "./data";
import { SearchTest } from "./SearchTest";

/** Collections and their documents, and the search test. The address keeps collection, tab and open document. */
export default function Documents() {
  const { t } = useTranslation();
  const can = useCan();
  const navigate = useNavigate();
  const { collection: wanted } = useParams();
  const [params, setParams] = useSearchParams();
  const narrow = useMediaQuery("(max-width: 61.99em)", undefined, { getInitialValueInEffect: false });
  const [creating, setCreating] = useState(false);
  const query = useCollections();
  const tab = params.get("tab") === "search" && can("search") ? "search" : "documents";

  const collections = query.data ?? [];
  const current = collections.find((c) => c.id === wanted) ?? collections[0];
  const go = (id: string) =>
    navigate({ pathname: `/documents/${id}`, search: tab === "search" ? "?tab=search" : "" });
  const openDocument = (id: string | null) =>
    setParams((p) => {
      if (id) p.set("doc", id);
      else p.delete("doc");
      return p;
    });

  if (query.isPending) return <PageSkeleton />;
  if (query.isError && !query.data) return <ErrorState error={query.error} onRetry={() => query.refetch()} />;
  const create = can("collections.write") && (
    <Button
      variant={collections.length ? "default" : "filled"}
      leftSection={<IconFolderPlus size={17} aria-hidden />}
      onClick={() => setCreating(true)}
      data-testid="collection-new"
    >
      {t("documents.newCollection")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("documents.title")}>{collections.length > 0 && create}</PageHeader>
      {!current ? (
        <Card>
          <EmptyState
            icon={IconFiles}
            title={t("documents.noCollections")}
            text={
              can("collections.write") ? t("documents.noCollectionsText") : t("documents.noCollectionsReader")
            }
          >
            {create}
          </EmptyState>
        </Card>
      ) : (
        <div className={classes.columns}>
          {narrow ? (
            <Group gap="xs" wrap="nowrap" mb="md">
              <Picker collections={collections} current={current} onChange={go} />
              <CollectionMenu collection={current} />
            </Group>
          ) : (
            <CollectionList collections={collections} current={current.id} onChoose={go} />
          )}
          <div className={classes.content}>
            <Tabs
              value={tab}
              onChange={(v) =>
                setParams((p) => {
                  if (v === "search") p.set("tab", "search");
                  else p.delete("tab");
                  return p;
                })
              }
              keepMounted={false}
            >
              <Tabs.List mb="md">
                <Tabs.Tab
                  value="documents"
                  leftSection={<IconFiles size={16} aria-hidden />}
                  data-testid="tab-documents"
                >
                  {t("documents.tabDocuments")}
                </Tabs.Tab>
                {can("search") && (
                  <Tabs.Tab
                    value="search"
                    leftSection={<IconFileSearch size={16} aria-hidden />}
                    data-testid="tab-search"
                  >
                    {t("documents.tabSearch")}
                  </Tabs.Tab>
                )}
              </Tabs.List>
              <Tabs.Panel value="documents">
                <DocumentsPanel key={current.id} collection={current} onOpen={openDocument} />
              </Tabs.Panel>
              <Tabs.Panel value="search">
                <SearchTest key={current.id} collections={collections} current={current.id} />
              </Tabs.Panel>
            </Tabs>
          </div>
        </div>
      )}
      <CollectionDialog opened={creating} onClose={() => setCreating(false)} onSaved={(c) => go(c.id)} />
      <DocumentDrawer id={params.get("doc")} onClose={() => openDocument(null)} />
    </>
  );
}

interface PickerProps {
  collections: Collection[];
  current: Collection;
  onChange: (id: string) => void;
}

/** The collections where there is no room for a list. */
function Picker({ collections, current, onChange }: PickerProps) {
  const { t } = useTranslation();
  return (
    <Select
      flex={1}
      aria-label={t("documents.collection")}
      data={collections.map((c) => ({ value: c.id, label: `${c.name} (${c.documents})` }))}
      value={current.id}
      onChange={(v) => v && onChange(v)}
      allowDeselect={false}
      comboboxProps={{ shadow: "md" }}
      data-testid="collection-select"
    />
  );
}
