import { Box, Group, PasswordInput, type PasswordInputProps, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./PasswordFields.module.css";
import { minPassword, type Strength, strengthOf } from "./strength";

const steps: Strength[] = ["weak", "fair", "good", "strong"];

/** A field for a password that is being chosen, with a hint of its strength. */
export function NewPassword({
  value,
  onChange,
  username,
  ...rest
}: { value: string; onChange: (value: string) => void; username?: string } & Omit<
  PasswordInputProps,
  "value" | "onChange"
>) {
  const { t } = useTranslation();
  const strength = strengthOf(value, username);
  const reached = steps.indexOf(strength) + 1;
  const hint =
    value === ""
      ? t("auth.strength.tooShort", { min: minPassword })
      : t(`auth.strength.${strength}`, { min: minPassword });
  return (
    <Box>
      <PasswordInput
        autoComplete="new-password"
        required
        maxLength={200}
        visibilityToggleButtonProps={{ "aria-label": t("common.showPassword") }}
        {...rest}
        value={value}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
      <Group gap={4} mt={8} wrap="nowrap" aria-hidden>
        {steps.map((s, i) => (
          <span
            key={s}
            className={classes.step}
            data-on={i < reached || undefined}
            data-strength={strength}
          />
        ))}
      </Group>
      <Text size="xs" c="dimmed" mt={4} aria-live="polite">
        <span className="visually-hidden">{t("auth.strength.label")}: </span>
        {hint}
      </Text>
    </Box>
  );
}
