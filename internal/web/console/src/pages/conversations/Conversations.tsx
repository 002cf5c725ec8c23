import { useMediaQuery } from "@mantine/hooks";
import { IconMessages } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { Card } from "../../parts/Card";
import { EmptyState } from "../../parts/EmptyState";
import { PageHeader } from "../../parts/PageHeader";
import { ConversationList } from "./ConversationList";
import classes from "./Conversations.module.css";
import { ConversationView } from "./ConversationView";
import { noFilter } from "./data";

/** The list and one conversation beside it; on narrow screens one or the other. */
export default function Conversations() {
  const { t } = useTranslation();
  const { id } = useParams();
  const [filter, setFilter] = useState(noFilter);
  const narrow = useMediaQuery("(max-width: 61.99em)", undefined, { getInitialValueInEffect: false });
  const list = <ConversationList current={id} filter={filter} onFilter={setFilter} />;
  if (narrow) {
    return id ? (
      <ConversationView key={id} id={id} back />
    ) : (
      <>
        <PageHeader title={t("conversations.title")} />
        {list}
      </>
    );
  }
  return (
    <>
      <PageHeader title={t("conversations.title")} />
      <div className={classes.columns}>
        {list}
        {id ? (
          <ConversationView key={id} id={id} />
        ) : (
          <Card className={classes.blank}>
            <EmptyState
              icon={IconMessages}
              title={t("conversations.pick")}
              text={t("conversations.pickText")}
            />
          </Card>
        )}
      </div>
    </>
  );
}
