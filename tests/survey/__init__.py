"""Install lines that people run, asked of depguard and of real installers: how often do they agree?"""
