import { Drawer, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Turn } from "../../api/types";
import { ErrorState } from "../../parts/ErrorState";
import { RowsSkeleton } from "../../parts/PageSkeleton";
import { ReceiptView } from "../../parts/receipt/ReceiptView";
import { useReceipt } from "./data";

interface Props {
  replyKey: string | null; // null: closed
  turn: Turn | undefined; // what the ledger knows of it
  onClose: () => void;
}

export function ReceiptDrawer({ replyKey, turn, onClose }: Props) {
  const { t } = useTranslation();
  const query = useReceipt(replyKey);
  return (
    <Drawer
      opened={replyKey !== null}
      onClose={onClose}
      size={720}
      title={<Text fw={650}>{t("receipt.title")}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {query.isError && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : !query.data ? (
        <RowsSkeleton rows={6} />
      ) : (
        <div data-testid="receipt">
          <ReceiptView
            receipt={query.data}
            answerTestID="receipt-answer"
            facts={
              turn
                ? [
                    [t("receipt.state"), t(`conversations.state.${turn.state}`)],
                    [t("receipt.attempt"), String(turn.attempt)],
                    [t("receipt.reason"), turn.reason],
                  ]
                : []
            }
          />
        </div>
      )}
    </Drawer>
  );
}
