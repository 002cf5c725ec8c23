import {
  type Icon,
  IconChartBar,
  IconFiles,
  IconMessages,
  IconSettings,
  IconSparkles,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import classes from "./Nav.module.css";
import { type Page, pagesFor } from "./permissions";

const icons: Record<Page["id"], Icon> = {
  overview: IconChartBar,
  documents: IconFiles,
  prompts: IconSparkles,
  conversations: IconMessages,
  settings: IconSettings,
};

/** The pages that the session may open. */
export function Nav({ granted, onNavigate }: { granted: readonly string[]; onNavigate?: () => void }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("common.nav.label")}>
      <ul className={classes.list}>
        {pagesFor(granted).map((page) => {
          const Sign = icons[page.id];
          return (
            <li key={page.id}>
              <NavLink
                to={page.path}
                onClick={onNavigate}
                className={({ isActive }) => `${classes.link} ${isActive ? classes.active : ""}`}
                data-testid={`nav-${page.id}`}
              >
                <Sign size={19} stroke={1.7} aria-hidden />
                <span>{t(`common.nav.${page.id}`)}</span>
              </NavLink>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
