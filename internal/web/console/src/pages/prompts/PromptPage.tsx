import { Anchor, Skeleton } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { ErrorState } from "../../parts/ErrorState";
import { PageHeader } from "../../parts/PageHeader";
import { isKnownPrompt, usePrompts, useVersions } from "./data";
import { Workbench } from "./Workbench";
import { promptTitle } from "./words";

/** One prompt: its text, versions and a place to try it. ?version= opens one of them. */
export default function PromptPage() {
  const { t } = useTranslation();
  const { name = "" } = useParams();
  const [params] = useSearchParams();
  const prompts = usePrompts();
  const versions = useVersions(name);
  const summary = prompts.data?.find((p) => p.name === name);
  const error = versions.error ?? prompts.error;
  const wanted = Number.parseInt(params.get("version") ?? "", 10);
  return (
    <>
      <PageHeader
        title={promptTitle(name, t)}
        text={isKnownPrompt(name) ? t(`prompts.explain.${name}`) : undefined}
        before={
          <Anchor
            component={Link}
            to="/prompts"
            size="sm"
            display="inline-flex"
            mb={4}
            style={{ alignItems: "center" }}
          >
            <IconChevronLeft size={16} aria-hidden /> {t("prompts.title")}
          </Anchor>
        }
      />
      {versions.data && summary ? (
        <Workbench
          key={name}
          name={name}
          versions={versions.data}
          variables={summary.variables}
          wanted={Number.isNaN(wanted) ? undefined : wanted}
        />
      ) : error ? (
        <ErrorState
          error={error}
          onRetry={() => {
            void versions.refetch();
            void prompts.refetch();
          }}
        />
      ) : (
        <Skeleton h={520} radius="lg" />
      )}
    </>
  );
}
