import { Accordion, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Receipt } from "../../api/types";
import classes from "./FinalRequest.module.css";

/** Exactly what the model was sent. Folded, because it is long. */
export function FinalRequest({ receipt: r, open }: { receipt: Receipt; open?: boolean }) {
  const { t } = useTranslation();
  if (!r.system && r.turns.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("receipt.noRequest")}
      </Text>
    );
  }
  return (
    <Accordion variant="contained" defaultValue={open ? "request" : null} chevronPosition="right">
      <Accordion.Item value="request">
        <Accordion.Control data-testid="final-request">
          <Text size="sm" fw={600}>
            {t("receipt.request")}
          </Text>
          <Text size="xs" c="dimmed">
            {t("receipt.requestHint")}
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          {r.system && <Part label={t("receipt.system")} text={r.system} />}
          {r.turns.map((turn, i) => (
            <Part
              // biome-ignore lint/suspicious/noArrayIndexKey: turns have no name and their order is fixed
              key={i}
              label={turn.role === "assistant" ? t("receipt.roles.assistant") : t("receipt.roles.user")}
              text={turn.text}
            />
          ))}
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

function Part({ label, text }: { label: string; text: string }) {
  return (
    <div className={classes.part}>
      <div className={classes.label}>{label}</div>
      <pre className={classes.text}>{text}</pre>
    </div>
  );
}
