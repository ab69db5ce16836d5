/** Icons of one line weight, each of its own shape; words stand beside them. */
import type { JSX, ReactNode } from "react";

interface IconProps {
  readonly size?: number;
  readonly className?: string;
}

function icon(content: ReactNode) {
  return function Icon({ size = 16, className }: IconProps): JSX.Element {
    return (
      <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round"
        strokeLinejoin="round" aria-hidden="true" className={`shrink-0 ${className ?? ""}`}>
        {content}
      </svg>
    );
  };
}

export const Overview = icon(<><rect x="2" y="2" width="5" height="7" rx="1" /><rect x="9" y="2" width="5" height="4" rx="1" /><rect x="2" y="11" width="5" height="3" rx="1" /><rect x="9" y="8" width="5" height="6" rx="1" /></>);
export const Workflows = icon(<><circle cx="3.5" cy="8" r="1.5" /><circle cx="12.5" cy="4" r="1.5" /><circle cx="12.5" cy="12" r="1.5" /><path d="M5 8h2.500c2 0 1.5-4 3.5-4M7.5 8c2 0 1.5 4 3.5 4" /></>);
export const Hand = icon(<path d="M5 8V3.800a1 1 0 0 1 2 0V7m0 0V2.800a1 1 0 0 1 2 0V7m0 0V3.800a1 1 0 0 1 2 0V9.500m0-3a1 1 0 0 1 2 0V10c0 2.5-1.7 4.3-4.3 4.3-2 0-3-.8-3.9-2.200L3.2 9.300a1 1 0 0 1 1.7-1.100L5 8.4" />);
export const Definitions = icon(<><path d="M4 1.800h5.500L13 5.200v9H4z" /><path d="M9.3 2v3.500h3.500M6.3 8.500h4.200M6.3 11h4.2" /></>);
export const Adapters = icon(<path d="M6 2v3M10 2v3M4.5 5h7v2.500a3.5 3.5 0 0 1-7 0zM8 11v3" />);
export const System = icon(<><rect x="2" y="2.5" width="12" height="4.5" rx="1" /><rect x="2" y="9" width="12" height="4.5" rx="1" /><path d="M4.5 4.800h.01M4.5 11.300h.01" /></>);
export const Audit = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 4.500V8l2.5 1.5" /></>);
export const Events = icon(<path d="M9 1.800 3.800 9H7.500L7 14.200 12.200 7H8.500z" />);
export const Routers = icon(<><path d="M1.800 8H5c3 0 2.500-4 5.500-4h3.200M5 8c3 0 2.500 4 5.500 4h3.200" /><path d="m11.800 2 2 2-2 2M11.800 10l2 2-2 2" /></>);
export const Schedules = icon(<><rect x="2" y="3" width="12" height="11" rx="1.500" /><path d="M2 6.500h12M5.200 1.500v3M10.800 1.500v3M5.500 10l1.700 1.700 3.300-3.300" /></>);
export const Callbacks = icon(<path d="M1.800 8H10M6.800 4.500 10.300 8l-3.500 3.500M13.800 2.500v11" />);
export const Journey = icon(<><circle cx="3.500" cy="3.500" r="1.500" /><circle cx="12.500" cy="12.500" r="1.500" /><path d="M5 3.500h5.500a2.200 2.200 0 0 1 0 4.500h-5a2.200 2.200 0 0 0 0 4.500H11" /></>);
export const Search = icon(<><circle cx="7" cy="7" r="4.5" /><path d="m10.5 10.5 3 3" /></>);
export const Copy = icon(<><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 3.500v-.200a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h.200" /></>);
export const Check = icon(<path d="m3.5 8.5 3 3 6-7" />);
export const Close = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const Down = icon(<path d="m4 6 4 4 4-4" />);
export const Right = icon(<path d="m6 4 4 4-4 4" />);
export const Left = icon(<path d="m10 4-4 4 4 4" />);
export const Plus = icon(<path d="M8 3v10M3 8h10" />);
export const Play = icon(<path d="M5 3.500v9l7.5-4.500z" />);
export const More = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />);
export const Filter = icon(<path d="M2 4h12M4.5 8h7M6.5 12h3" />);
export const Sun = icon(<><circle cx="8" cy="8" r="3" /><path d="M8 1.500v1M8 13.500v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M12.6 3.400l-.7.7M4.1 11.900l-.7.7" /></>);
export const Moon = icon(<path d="M13 9.500A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.500z" />);
export const Screen = icon(<><rect x="2" y="3" width="12" height="8" rx="1" /><path d="M6 14h4M8 11v3" /></>);
export const Keys = icon(<><rect x="1.5" y="4" width="13" height="8" rx="1.5" /><path d="M4 6.500h.01M7 6.500h.01M10 6.500h.01M12 6.500h.01M5 9.500h6" /></>);
export const Fold = icon(<><rect x="2" y="2.5" width="12" height="11" rx="1.5" /><path d="M6 2.500v11" /></>);
export const Person = icon(<><circle cx="8" cy="5.5" r="2.5" /><path d="M3 13.500c.5-3 2.5-4 5-4s4.5 1 5 4" /></>);

export const Running = icon(<path d="M8 2a6 6 0 1 1-5.6 3.8" />);
export const Hourglass = icon(<path d="M4 2h8M4 14h8M5 2v2.500L8 8l3-3.500V2M5 14v-2.500L8 8l3 3.500V14" />);
export const Dots = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.5" />);
export const Loop = icon(<path d="M13 8a5 5 0 1 1-1.5-3.600M13 2v3h-3" />);
export const Cross = icon(<><circle cx="8" cy="8" r="6" /><path d="m6 6 4 4M10 6l-4 4" /></>);
export const Octagon = icon(<><path d="M5.5 2h5L14 5.500v5L10.5 14h-5L2 10.500v-5z" /><path d="M8 5v3.500M8 11h.01" /></>);
export const Back = icon(<path d="M6.5 4 3 7.5 6.5 11M3 7.500h6.500a3.5 3.5 0 0 1 0 7H8" />);
export const Tick = icon(<><circle cx="8" cy="8" r="6" /><path d="m5.3 8.3 2 2 3.5-4" /></>);
export const Pause = icon(<path d="M6 4v8M10 4v8" />);
export const Slash = icon(<><circle cx="8" cy="8" r="6" /><path d="m4 12 8-8" /></>);
export const Ring = icon(<circle cx="8" cy="8" r="6" strokeDasharray="2.5 2.2" />);
