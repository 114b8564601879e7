"""Collection: strategies decide, rules permit, the funnel answers.

A week of a collector is ``decide -> permit -> ration -> funnel``; all of it works on values and none of it
touches the model's columns.
"""

from sim.collection.ai_recognition import AiRecognition
from sim.collection.ai_tiered import AiTiered
from sim.collection.app_added import AppAdded
from sim.collection.app_based import AppBased
from sim.collection.cases import Capacity, Cases
from sim.collection.cloud_platform import CloudPlatform
from sim.collection.compliance_guard import ComplianceGuard
from sim.collection.digital import digital_cost, is_digital
from sim.collection.early_warning import EarlyWarning
from sim.collection.effort import with_effort
from sim.collection.funnel import Latent, Outcome, funnel
from sim.collection.leave_alone import LeaveAlone
from sim.collection.left_alone import LeftAlone
from sim.collection.modules import Module, module, module_names, register_module
from sim.collection.own_rules import check_own_rules, own_rule_names, register_rule
from sim.collection.parameters import MECHANISMS, FunnelParameters, funnel_parameters, switch_off
from sim.collection.permit import Permission, count_violations, permit, restrict
from sim.collection.personalised_channel import PersonalisedChannel, SingleChannel
from sim.collection.profile_360 import Profile360
from sim.collection.ration import ration
from sim.collection.receivable import receivable_effect
from sim.collection.registry import Strategy, decide, register_strategy, strategy, strategy_names
from sim.collection.robot_only import RobotOnly
from sim.collection.settlement_offers import SettlementOffers, within_allowance
from sim.collection.shared_ledger import SharedLedger
from sim.collection.skip_tracing import SkipTracing
from sim.collection.traditional import Traditional
from sim.collection.treatment import Treatment
from sim.collection.voice_robot import VoiceRobot

__all__ = [
    "MECHANISMS",
    "AiRecognition",
    "AiTiered",
    "AppAdded",
    "AppBased",
    "Capacity",
    "Cases",
    "CloudPlatform",
    "ComplianceGuard",
    "EarlyWarning",
    "FunnelParameters",
    "Latent",
    "LeaveAlone",
    "LeftAlone",
    "Module",
    "Outcome",
    "Permission",
    "PersonalisedChannel",
    "Profile360",
    "RobotOnly",
    "SettlementOffers",
    "SharedLedger",
    "SingleChannel",
    "SkipTracing",
    "Strategy",
    "Traditional",
    "Treatment",
    "VoiceRobot",
    "check_own_rules",
    "count_violations",
    "decide",
    "digital_cost",
    "funnel",
    "funnel_parameters",
    "is_digital",
    "module",
    "module_names",
    "own_rule_names",
    "permit",
    "ration",
    "receivable_effect",
    "register_module",
    "register_rule",
    "register_strategy",
    "restrict",
    "strategy",
    "strategy_names",
    "switch_off",
    "with_effort",
    "within_allowance",
]
