import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { asApiError, sentenceFor } from "../api/problem";

/** An error as people may read it: our sentence, the fields at fault, and the request number for the operator. */
export function ErrorState({
  error,
  onRetry,
  title,
}: {
  error: unknown;
  onRetry?: () => void;
  title?: string;
}) {
  const { t } = useTranslation();
  const e = asApiError(error);
  return (
    <Alert
      color="red"
      variant="light"
      radius="lg"
      icon={<IconAlertTriangle aria-hidden />}
      title={title ?? t("common.errorTitle")}
      role="alert"
      maw={640}
      w="100%"
    >
      <Stack gap={6} align="flex-start">
        <ErrorText error={e} />
        {onRetry && (
          <Button size="xs" variant="default" mt={4} onClick={onRetry}>
            {t("common.tryAgain")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** The same inside a form: without title and frame. */
export function ErrorText({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const e = asApiError(error);
  return (
    <>
      <Text size="sm">{sentenceFor(e, t)}</Text>
      {e.fields.map((f) => (
        <Text size="sm" key={f.location + f.message}>
          {f.location ? `${f.location}: ` : ""}
          {f.message}
        </Text>
      ))}
      {e.requestId && (
        <Text size="xs" c="dimmed" className="break" ff="monospace">
          {t("common.requestId", { id: e.requestId })}
        </Text>
      )}
    </>
  );
}

/** ErrorText with a frame, for the foot of a form. Nothing without an error. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <Alert color="red" variant="light" p="sm" icon={<IconAlertTriangle aria-hidden size={18} />} role="alert">
      <ErrorText error={error} />
    </Alert>
  );
}
