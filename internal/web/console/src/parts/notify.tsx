import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { ErrorText } from "./ErrorState";

/** A word at the edge of the page, for what succeeded. */
export function tell(message: string): void {
  notifications.show({
    message,
    color: "parley",
    icon: <IconCheck size={16} aria-hidden />,
    autoClose: 3500,
  });
}

/** The same for what failed; it stays until it is closed, because of the request number. */
export function tellError(error: unknown): void {
  notifications.show({
    message: <ErrorText error={error} />,
    color: "red",
    icon: <IconAlertTriangle size={16} aria-hidden />,
    autoClose: 12_000,
    role: "alert",
  });
}
