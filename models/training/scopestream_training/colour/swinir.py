"""placeholder"""
from torch import nn
class SwinIRLight(nn.Module):
    pass
